//! The machine's trusted platform module: its endorsement key and certificate, a key that attests, and answers to challenges.
//!
//! ```text
//! certificates ─▶ endorsement key ─▶ attestation key ─▶ shown ──challenge──▶ activate ─▶ quote ─▶ registers ─▶ answered
//! ```
//!
//! The commands are encoded here (TPM 2.0 Library, part 3), a dozen of them, over one descriptor that is opened before the agent gives up
//! its rights. No key is kept outside the chip, and none inside: both are made anew from their templates, which gives the same keys until
//! somebody clears the chip. Whatever was loaded is flushed, also after errors. What the answers prove is not known here.
//!
//! Whoever controls the device can at most lie about the chip: what counts is checked by the collector.

mod command;
mod line;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use descriptors::digest::Digest;
use descriptors::tpm::endorsement::{CERTIFICATE_BYTES_MAX, CERTIFICATES_MAX, is_for};
use descriptors::tpm::public::{self, PublicArea, PublicError};
use descriptors::tpm::quote::QuoteError;
use descriptors::tpm::wire::WireError;
use descriptors::tpm::{PCRS, quote};
use tracing::{debug, warn};

use crate::cause::chain;
use crate::config::TpmDevice;
use command::{Command, Failure, Response};
use line::{Line, LineError};

/// How long a chip may take for everything between two messages. Making a key of RSA has been seen to take a minute.
const CHIP_TIME_MAX: Duration = Duration::from_secs(120);

/// How long flushing may take beyond that.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(2);

/// How often a chip may ask for patience, and how long each time.
const PATIENCE: (u32, Duration) = (20, Duration::from_millis(50));

/// Certificates of endorsement keys on P-256 and of RSA, and of those above them (TCG EK Credential Profile, section 2.2.1.4).
const CERTIFICATE_P256: u32 = 0x01c0_000a;
const CERTIFICATE_RSA: u32 = 0x01c0_0002;
const CERTIFICATES_ABOVE: std::ops::Range<u32> = 0x01c0_0100..0x01c0_0104;

/// Where makers and operating systems keep the endorsement key of RSA, which takes long to make.
const PERSISTENT_RSA: u32 = 0x8101_0001;

/// Why the chip did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
    /// It was not reached.
    #[error("the TPM did not take or answer {command}")]
    Line {
        /// What it was asked.
        command: &'static str,
        /// Why.
        source: LineError,
    },
    /// It answered with an error.
    #[error("the TPM refuses {command}: {}", command::meaning(*code))]
    Refused {
        /// What it was asked.
        command: &'static str,
        /// `TPM_RC`.
        code: u32,
    },
    /// It answered something else.
    #[error("the TPM's answer to {command} cannot be read")]
    Answer {
        /// What it was asked.
        command: &'static str,
        /// Why.
        source: WireError,
    },
    /// A key of another kind than its template.
    #[error("the TPM made another key than it was asked for")]
    Key(#[from] PublicError),
    /// No bank of SHA-256.
    #[error("the TPM keeps no registers of SHA-256: switch that bank on in the firmware")]
    Registers,
    /// A list of registers that is none.
    #[error("the TPM's registers cannot be read")]
    Selection(#[from] QuoteError),
}

/// Why there is no chip to speak to.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the TPM {device}")]
pub struct OpenError {
    device: String,
    source: std::io::Error,
}

/// An open chip.
#[derive(Debug, Clone)]
pub struct Tpm {
    line: Arc<Mutex<Line>>,
    simulated: bool,
}

/// What is shown of a chip, with both keys loaded until this is dropped.
#[derive(Debug)]
pub struct Shown {
    /// The endorsement key.
    pub endorsement: PublicArea,
    /// Its certificate and those above it, DER; none where the chip has none for this key.
    pub certificates: Vec<Vec<u8>>,
    /// The key that attests.
    pub attestation: PublicArea,
    tpm: Tpm,
    endorsement_key: Loaded,
    attestation_key: Loaded,
}

/// What the chip answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was in the challenge.
    pub secret: Vec<u8>,
    /// The quote.
    pub quoted: Vec<u8>,
    /// The signature over it.
    pub signature: Vec<u8>,
    /// The registers 0 to 7.
    pub registers: Vec<Digest>,
}

/// A key or session in the chip, flushed when dropped; a persistent key stays.
#[derive(Debug)]
struct Loaded {
    tpm: Tpm,
    handle: u32,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if self.handle == PERSISTENT_RSA {
            return;
        }
        if let Err(error) = self.tpm.run(&command::flush(self.handle), Instant::now() + FLUSH_TIME_MAX) {
            debug!(error = chain(&error), handle = self.handle, "something stays loaded in the TPM");
        }
    }
}

impl Tpm {
    /// Opens what the configuration names; nothing where it names none, or leaves the choice and there is none.
    pub fn open(device: &TpmDevice) -> Result<Option<Self>, OpenError> {
        let opened = match device {
            TpmDevice::None => return Ok(None),
            TpmDevice::Auto => match Line::open(TpmDevice::USUAL.as_ref()) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    let remedy =
                        "let the agent's user read and write it (group tss), or set `device = \"none\"` in `[tpm]`";
                    warn!(
                        error = chain(&error),
                        device = TpmDevice::USUAL,
                        remedy,
                        "the node's key stays without a TPM"
                    );
                    return Ok(None);
                }
                opened => opened,
            },
            TpmDevice::Path(path) => Line::open(path),
            TpmDevice::Simulated(address) => Line::connect(address),
        };
        let fail = |source| OpenError { device: device.to_string(), source };
        let simulated = matches!(device, TpmDevice::Simulated(_));
        opened.map(|line| Some(Self { line: Arc::new(Mutex::new(line)), simulated })).map_err(fail)
    }

    /// Whether it is a program, as the configuration says.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// Makes the keys and finds the certificates. Blocks, for a while.
    pub fn show(&self) -> Result<Shown, TpmError> {
        let until = Instant::now() + CHIP_TIME_MAX;
        let (endorsement, endorsement_key, certificates) = self.endorsement(until)?;
        let (attestation, attestation_key) = self.primary(&public::attestation(), until)?;
        let tpm = self.clone();
        Ok(Shown { endorsement, certificates, attestation, tpm, endorsement_key, attestation_key })
    }

    /// The endorsement key: one with a certificate, rather the quick one.
    fn endorsement(&self, until: Instant) -> Result<(PublicArea, Loaded, Vec<Vec<u8>>), TpmError> {
        for (index, template) in
            [(CERTIFICATE_P256, public::endorsement_p256()), (CERTIFICATE_RSA, public::endorsement_rsa())]
        {
            let Some(own) = self.certificate(index, until)? else { continue };
            let kept = match index {
                CERTIFICATE_RSA => self.persistent(PERSISTENT_RSA, until)?.filter(|(key, _)| is_for(&own, key)),
                _ => None,
            };
            let (key, loaded) = match kept {
                Some(kept) => kept,
                None => self.primary(&template, until)?,
            };
            if is_for(&own, &key) {
                let mut certificates = vec![own];
                certificates.extend(self.certificates_above(until)?);
                return Ok((key, loaded, certificates));
            }
            warn!(
                index = format!("{index:#010x}"),
                "the TPM's certificate is not for the key of the usual template, and is left out"
            );
        }
        let (key, loaded) = self.primary(&public::endorsement_p256(), until)?;
        Ok((key, loaded, Vec::new()))
    }

    fn primary(&self, template: &[u8], until: Instant) -> Result<(PublicArea, Loaded), TpmError> {
        let command = command::create_primary(template);
        let response = self.run(&command, until)?;
        let loaded = Loaded { tpm: self.clone(), handle: command.handle(&response)? };
        let key = command.read(&response, |reader| reader.sized(public::PUBLIC_BYTES_MAX))?;
        Ok((PublicArea::parse(key)?, loaded))
    }

    fn persistent(&self, handle: u32, until: Instant) -> Result<Option<(PublicArea, Loaded)>, TpmError> {
        let command = command::read_public(handle);
        let Some(response) = self.ask(&command, until)? else { return Ok(None) };
        let key = command.read(&response, |reader| reader.sized(public::PUBLIC_BYTES_MAX))?;
        // Somebody else's key, of whatever kind, may lie there.
        let key = PublicArea::parse(key).ok();
        Ok(key.map(|key| (key, Loaded { tpm: self.clone(), handle })))
    }

    fn certificate(&self, index: u32, until: Instant) -> Result<Option<Vec<u8>>, TpmError> {
        let bytes = self.index(index, until)?;
        Ok(bytes.and_then(|bytes| certificates(&bytes).into_iter().next()))
    }

    fn certificates_above(&self, until: Instant) -> Result<Vec<Vec<u8>>, TpmError> {
        let mut bytes = Vec::new();
        for index in CERTIFICATES_ABOVE {
            match self.index(index, until)? {
                Some(more) => bytes.extend(more),
                None => break,
            }
        }
        let mut above = certificates(&bytes);
        above.truncate(CERTIFICATES_MAX - 1);
        Ok(above)
    }

    /// What lies in an index of the chip's memory; nothing where there is none, or where it may not be read.
    fn index(&self, index: u32, until: Instant) -> Result<Option<Vec<u8>>, TpmError> {
        let command = command::nv_read_public(index);
        let Some(response) = self.ask(&command, until)? else { return Ok(None) };
        let (by, size) = command.read(&response, command::nv_public)?;
        let Some(by) = by else { return Ok(None) };
        let size = size.min(u16::try_from(CERTIFICATE_BYTES_MAX).unwrap_or(u16::MAX));
        let mut bytes = Vec::with_capacity(usize::from(size));
        while bytes.len() < usize::from(size) {
            let at = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
            let command = command::nv_read(by, index, at, (size - at).min(command::NV_READ_MAX));
            let response = self.run(&command, until)?;
            let read = command.read(&response, |reader| reader.sized(command::NV_READ_MAX.into()))?;
            if read.is_empty() {
                break;
            }
            bytes.extend_from_slice(read);
        }
        Ok(Some(bytes))
    }

    fn registers(&self, until: Instant) -> Result<Vec<Digest>, TpmError> {
        let command = command::pcr_read();
        let response = self.run(&command, until)?;
        let (selected, values) = command.read(&response, |reader| {
            reader.u32()?;
            let selected = quote::selection(reader);
            let count = reader.count(PCRS)?;
            let values = (0..count).map(|_| reader.sized(64)).collect::<Result<Vec<_>, _>>()?;
            Ok((selected, values))
        })?;
        if !selected?.into_iter().eq(0..8) {
            return Err(TpmError::Registers);
        }
        values
            .into_iter()
            .map(|value| value.try_into().map(Digest::from_bytes).map_err(|_| TpmError::Registers))
            .collect()
    }

    /// As [`Self::run`]; nothing where the handle that it is about stands for nothing.
    fn ask(&self, command: &Command, until: Instant) -> Result<Option<Response>, TpmError> {
        match self.run(command, until) {
            Ok(response) => Ok(Some(response)),
            Err(TpmError::Refused { code, .. }) if command::is_about_no_handle(code) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn run(&self, command: &Command, until: Instant) -> Result<Response, TpmError> {
        let name = command.name;
        for _ in 0..PATIENCE.0 {
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            let answer =
                line.transmit(&command.bytes, until).map_err(|source| TpmError::Line { command: name, source })?;
            drop(line);
            match Response::of(answer) {
                Ok(response) => return Ok(response),
                Err(Failure::Busy) => std::thread::sleep(PATIENCE.1),
                Err(Failure::Refused(code)) => return Err(TpmError::Refused { command: name, code }),
                Err(Failure::Malformed(source)) => return Err(TpmError::Answer { command: name, source }),
            }
        }
        Err(TpmError::Line { command: name, source: LineError::Busy })
    }
}

impl Shown {
    /// Opens the challenge, which only the chip with both keys can, and quotes the registers along with `extra`. Blocks, for a while.
    pub fn answer(&self, credential: &[u8], encrypted_secret: &[u8], extra: &Digest) -> Result<Answer, TpmError> {
        let until = Instant::now() + CHIP_TIME_MAX;
        let secret = self.activate(credential, encrypted_secret, until)?;
        let command = command::quote(self.attestation_key.handle, extra.as_bytes());
        let response = self.tpm.run(&command, until)?;
        let (quoted, signature) = command.read(&response, |reader| {
            let quoted = reader.sized(quote::QUOTE_BYTES_MAX)?.to_vec();
            Ok((quoted, reader.rest().to_vec()))
        })?;
        Ok(Answer { secret, quoted, signature, registers: self.tpm.registers(until)? })
    }

    fn activate(&self, credential: &[u8], encrypted_secret: &[u8], until: Instant) -> Result<Vec<u8>, TpmError> {
        let command = command::start_policy_session();
        let response = self.tpm.run(&command, until)?;
        let session = Loaded { tpm: self.tpm.clone(), handle: command.handle(&response)? };
        self.tpm.run(&command::policy_secret(session.handle), until)?;
        let keys = (self.attestation_key.handle, self.endorsement_key.handle);
        let command = command::activate_credential(keys, session.handle, credential, encrypted_secret);
        let response = self.tpm.run(&command, until)?;
        Ok(command.read(&response, |reader| reader.sized(64))?.to_vec())
    }
}

/// The certificates one after the other; whatever fills the rest of an index is none.
fn certificates(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let [0x30, 0x82, high, low, ..] = bytes {
        let length = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some((one, rest)) = bytes.split_at_checked(length) else { break };
        if length > CERTIFICATE_BYTES_MAX {
            break;
        }
        found.push(one.to_vec());
        bytes = rest;
    }
    found
}
