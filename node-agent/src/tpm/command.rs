//! Commands and responses (TPM 2.0 Library, part 3): each command is a function here, and responses are read with the same bounds everywhere.
//!
//! Secrets of hierarchies and keys are empty, so that no session needs cryptography of ours. What the chip answers is read and not believed.

use descriptors::tpm::public::ENDORSEMENT_HIERARCHY as ENDORSEMENT;
use descriptors::tpm::wire::{Reader, WireError, Writer};
use descriptors::tpm::{ALG_NULL, ALG_SHA256, quote};

/// `TPM_ST_NO_SESSIONS` and `TPM_ST_SESSIONS`.
const NO_SESSIONS: u16 = 0x8001;
const SESSIONS: u16 = 0x8002;

/// `TPM_RH_OWNER`, `TPM_RH_NULL`, and the session that is only a password.
const OWNER: u32 = 0x4000_0001;
const NULL: u32 = 0x4000_0007;
const PASSWORD: u32 = 0x4000_0009;

/// `TPM_SE_POLICY`.
const POLICY: u8 = 1;
/// `continueSession`: the session stays until it is flushed.
const CONTINUE: u8 = 1;

/// Attributes of an index: it was written, and its own secret or the owner's may read it.
const WRITTEN: u32 = 1 << 29;
const INDEX_READ: u32 = 1 << 18;
const OWNER_READ: u32 = 1 << 17;

/// Most bytes read from an index at once; every chip must offer as many (part 2, `MAX_NV_BUFFER_SIZE`).
pub(super) const NV_READ_MAX: u16 = 512;

/// Most bytes of the parameters of a response.
const PARAMETER_BYTES_MAX: usize = 4096;

/// A command as it is sent.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    /// Whether the response begins with a handle.
    gives_handle: bool,
}

/// A response that says success.
#[derive(Debug)]
pub(super) struct Response {
    sessions: bool,
    body: Vec<u8>,
}

/// A response that says something else.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Busy,
    Refused(u32),
    Malformed(WireError),
}

impl Response {
    pub(super) fn of(bytes: Vec<u8>) -> Result<Self, Failure> {
        let mut reader = Reader::new(&bytes);
        let mut head = || Ok((reader.u16()?, reader.u32()?, reader.u32()?));
        let (tag, _, code) = head().map_err(Failure::Malformed)?;
        match code {
            0 => Ok(Self { sessions: tag == SESSIONS, body: reader.rest().to_vec() }),
            // `TPM_RC_YIELDED`, `TPM_RC_TESTING`, `TPM_RC_RETRY`.
            0x908 | 0x90a | 0x922 => Err(Failure::Busy),
            code => Err(Failure::Refused(code)),
        }
    }
}

impl Command {
    /// The handle that a response begins with.
    pub(super) fn handle(&self, response: &Response) -> Result<u32, super::TpmError> {
        Reader::new(&response.body).u32().map_err(|source| super::TpmError::Answer { command: self.name, source })
    }

    /// Reads the beginning of the parameters of a response.
    pub(super) fn read<'a, T>(
        &self,
        response: &'a Response,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, WireError>,
    ) -> Result<T, super::TpmError> {
        let fail = |source| super::TpmError::Answer { command: self.name, source };
        let mut parameters = Reader::new(self.parameters(response).map_err(fail)?);
        read(&mut parameters).map_err(fail)
    }

    fn parameters<'a>(&self, response: &'a Response) -> Result<&'a [u8], WireError> {
        let mut reader = Reader::new(&response.body);
        if self.gives_handle {
            reader.u32()?;
        }
        if !response.sessions {
            return Ok(reader.rest());
        }
        let size = reader.count(PARAMETER_BYTES_MAX)?;
        reader.take(size)
    }
}

fn command(name: &'static str, code: u32, handles: &[u32], sessions: &[u32], parameters: Writer) -> Command {
    let mut body = handles.iter().fold(Writer::new(), |body, handle| body.u32(*handle));
    if !sessions.is_empty() {
        // Handle, no nonce, attributes, no secret.
        let area =
            sessions.iter().fold(Writer::new(), |area, session| area.u32(*session).sized(&[]).u8(CONTINUE).sized(&[]));
        let area = area.into_bytes();
        body = body.u32(u32::try_from(area.len()).unwrap_or(u32::MAX)).bytes(&area);
    }
    let body = body.bytes(&parameters.into_bytes()).into_bytes();
    let tag = if sessions.is_empty() { NO_SESSIONS } else { SESSIONS };
    let size = u32::try_from(body.len() + 10).unwrap_or(u32::MAX);
    let bytes = Writer::new().u16(tag).u32(size).u32(code).bytes(&body).into_bytes();
    Command { name, bytes, gives_handle: false }
}

/// Makes a key of the endorsement hierarchy from its template.
pub(super) fn create_primary(template: &[u8]) -> Command {
    // No secret, no data, no outside information, no registers.
    let parameters = Writer::new().sized(&[0; 4]).sized(template).sized(&[]).u32(0);
    let command = command("TPM2_CreatePrimary", 0x131, &[ENDORSEMENT], &[PASSWORD], parameters);
    Command { gives_handle: true, ..command }
}

pub(super) fn read_public(handle: u32) -> Command {
    command("TPM2_ReadPublic", 0x173, &[handle], &[], Writer::new())
}

pub(super) fn nv_read_public(index: u32) -> Command {
    command("TPM2_NV_ReadPublic", 0x169, &[index], &[], Writer::new())
}

/// By whose empty secret an index can be read, where there is something to read, and its size.
pub(super) fn nv_public(reader: &mut Reader<'_>) -> Result<(Option<u32>, u16), WireError> {
    let mut public = Reader::new(reader.sized(256)?);
    let index = public.u32()?;
    public.u16()?;
    let attributes = public.u32()?;
    public.sized(64)?;
    let by = match attributes {
        _ if attributes & WRITTEN == 0 => None,
        _ if attributes & INDEX_READ != 0 => Some(index),
        _ if attributes & OWNER_READ != 0 => Some(OWNER),
        _ => None,
    };
    Ok((by, public.u16()?))
}

pub(super) fn nv_read(by: u32, index: u32, at: u16, size: u16) -> Command {
    command("TPM2_NV_Read", 0x14e, &[by, index], &[PASSWORD], Writer::new().u16(size).u16(at))
}

/// A session that only collects what a policy asks for: neither salted nor bound.
pub(super) fn start_policy_session() -> Command {
    let parameters = Writer::new().sized(&[0; 16]).sized(&[]).u8(POLICY).u16(ALG_NULL).u16(ALG_SHA256);
    let command = command("TPM2_StartAuthSession", 0x176, &[NULL, NULL], &[], parameters);
    Command { gives_handle: true, ..command }
}

/// What the policy of endorsement keys asks for.
pub(super) fn policy_secret(session: u32) -> Command {
    let parameters = Writer::new().sized(&[]).sized(&[]).sized(&[]).u32(0);
    command("TPM2_PolicySecret", 0x151, &[ENDORSEMENT, session], &[PASSWORD], parameters)
}

pub(super) fn activate_credential(
    (attestation, endorsement): (u32, u32),
    session: u32,
    credential: &[u8],
    encrypted_secret: &[u8],
) -> Command {
    let parameters = Writer::new().sized(credential).sized(encrypted_secret);
    command("TPM2_ActivateCredential", 0x147, &[attestation, endorsement], &[PASSWORD, session], parameters)
}

/// Signs the registers 0 to 7, with the scheme of the key.
pub(super) fn quote(key: u32, extra: &[u8]) -> Command {
    let parameters = Writer::new().sized(extra).u16(ALG_NULL).bytes(&quote::all_registers());
    command("TPM2_Quote", 0x158, &[key], &[PASSWORD], parameters)
}

pub(super) fn pcr_read() -> Command {
    command("TPM2_PCR_Read", 0x17e, &[], &[], Writer::new().bytes(&quote::all_registers()))
}

pub(super) fn flush(handle: u32) -> Command {
    command("TPM2_FlushContext", 0x165, &[], &[], Writer::new().u32(handle))
}

/// `TPM_RC_HANDLE`: there is nothing under this handle.
pub(super) fn is_about_no_handle(code: u32) -> bool {
    code & 0xbf == 0x8b
}

/// A code in words, where operators meet it.
pub(super) fn meaning(code: u32) -> String {
    let words = match code {
        0x921 => "it is locked against guessing: wait, or reset the lockout",
        0x901..=0x903 => "its memory is full of what others loaded",
        0x120 => "it is switched off in the firmware",
        0x100 => "it was not started",
        _ => match code & 0xbf {
            0x8e | 0xa2 => "its endorsement hierarchy has a password, and must have none",
            0x82 | 0x83 | 0x84 | 0x8a => "it does not know these algorithms or attributes",
            0x9f => "the challenge was not made for it",
            0x85 => "the hierarchy or handle is switched off",
            _ => return format!("code {code:#05x}"),
        },
    };
    format!("{words} (code {code:#05x})")
}
