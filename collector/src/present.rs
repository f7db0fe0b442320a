//! Presentations: chosen credentials with everything that they refer to, signed for one target, fit to be posted.
//!
//! Services follow no references: what is not inside does not exist for them. So a presentation of an offering holds its
//! flavors, its images, the datacenters it runs in, their zones and the provider; for services of Gaia-X also what the
//! provider agreed to. Only current credentials that were not withdrawn are shown, in the forms in which they were issued.
//! Whether a service accepts them is for `avow preflight` to say.

use std::collections::{BTreeMap, BTreeSet};

use descriptors::digest::Digest;
use descriptors::json_ld::{Contexts, DocumentError};
use descriptors::presentation::{Contained, Presentation, PresentationError};
use descriptors::target::{self, SealError, Target};
use descriptors::timestamp::Timestamp;

use crate::sign::Issuer;
use crate::store::Issued;

/// Classes without which services of Gaia-X take nothing.
const ALWAYS: [&str; 2] = ["gx:LegalPerson", "gx:Issuer"];

/// What is to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Subjects, each named by its id or by what stands behind `/subjects/` in it; all of Gaia-X where there is none.
    pub subjects: &'a [String],
    /// Credentials of others, such as a notary's, as they were signed.
    pub others: &'a [Contained],
    /// For whom.
    pub target: Target,
    /// From when on.
    pub now: Timestamp,
}

/// Why there is no presentation.
#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// A subject of which nothing is said now.
    #[error("no current credential speaks of `{0}`; `/v1/credentials` and `credential list` show what there is")]
    Unknown(String),
    /// A credential that was withdrawn.
    #[error("the credential of `{0}` is withdrawn, and not shown to anybody")]
    Withdrawn(String),
    /// Nothing was issued yet, or nothing of Gaia-X.
    #[error("there is nothing to show")]
    Nothing,
    /// A target for which nothing is issued.
    #[error("nothing is issued for {0}: add it to `targets` in [issuer]")]
    Target(Target),
    /// A target without presentations.
    #[error("there are no presentations for {0}: danube, loire, xfsc, w3c-rdfc and w3c-jcs have them")]
    NoPresentations(Target),
    /// Something that is referred to and that nobody says.
    #[error("the credentials refer to what is in none of them: {}", .0.join(", "))]
    Incomplete(Vec<String>),
    /// The stored form is not what was issued.
    #[error("a stored credential cannot be read")]
    Stored(#[source] serde_json::Error),
    /// They do not go together.
    #[error("the credentials do not go together")]
    Together(#[from] PresentationError),
    /// The embedded contexts cannot be used.
    #[error("the contexts cannot be used")]
    Contexts(#[from] DocumentError),
    /// The target cannot be served.
    #[error("the target cannot be served")]
    Seal(#[from] SealError),
    /// It was not signed.
    #[error("the presentation was not signed")]
    Sign(#[from] target::PresentError),
}

/// A presentation that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Its media type.
    pub media_type: &'static str,
    /// As it is posted.
    pub text: String,
    /// The ids of the credentials in it, in its order.
    pub credentials: Vec<String>,
}

/// Shows what is wanted of the `current` credentials, with what that refers to.
pub fn present(issuer: &Issuer, current: &[Issued], wanted: Wanted<'_>) -> Result<Presented, PresentError> {
    let Wanted { subjects: chosen, target, .. } = wanted;
    if matches!(target, Target::Plain | Target::Tagus) {
        return Err(PresentError::NoPresentations(target));
    }
    let known: BTreeMap<&str, &Issued> = current.iter().map(|issued| (issued.subject.as_str(), issued)).collect();
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for name in chosen {
        let subject = known.keys().copied().find(|subject| is_called(subject, name));
        let subject = subject.ok_or_else(|| PresentError::Unknown(name.chars().take(200).collect()))?;
        shown.insert(subject);
    }
    let always = current.iter().filter(|issued| match chosen.is_empty() {
        true => issued.class.starts_with("gx:") && !is_withdrawn(issued),
        false => is_gaia_x(target) && ALWAYS.contains(&issued.class.as_str()),
    });
    shown.extend(always.map(|issued| issued.subject.as_str()));
    if shown.is_empty() {
        return Err(PresentError::Nothing);
    }
    let (presentation, credentials) = close(issuer, &known, shown, wanted)?;
    let contexts = Contexts::with_w3c([] as [(&str, &[u8]); 0])?;
    let signed = issuer.seal(target)?.present(&presentation, &contexts)?;
    let text = String::from_utf8_lossy(&signed).into_owned();
    Ok(Presented { media_type: target.presentation_media_type(), text, credentials })
}

/// Adds what is referred to until nothing is missing.
fn close<'a>(
    issuer: &Issuer,
    known: &BTreeMap<&'a str, &'a Issued>,
    mut shown: BTreeSet<&'a str>,
    wanted: Wanted<'_>,
) -> Result<(Presentation, Vec<String>), PresentError> {
    let Wanted { target, now, others, .. } = wanted;
    loop {
        let issued: Vec<&Issued> = shown.iter().filter_map(|subject| known.get(subject).copied()).collect();
        let mut contained = issued.iter().map(|issued| contain(issued, target)).collect::<Result<Vec<_>, _>>()?;
        contained.extend_from_slice(others);
        let ids: Vec<String> = issued.iter().map(|issued| issued.id.clone()).collect();
        let id = issuer.base.presentation_called(&digest_of(&ids, wanted).hex()[..32]);
        let presentation = Presentation::new(id, issuer.did.clone(), now, contained)?;
        let missing: BTreeSet<String> = presentation.missing().into_iter().map(|missing| missing.id).collect();
        if missing.is_empty() {
            return Ok((presentation, ids));
        }
        let found: Vec<&str> =
            missing.iter().filter_map(|id| known.get_key_value(id.as_str())).map(|(id, _)| *id).collect();
        if found.is_empty() {
            return Err(PresentError::Incomplete(missing.into_iter().collect()));
        }
        shown.extend(found);
    }
}

/// Digest of what is shown, to whom and when.
fn digest_of(ids: &[String], wanted: Wanted<'_>) -> Digest {
    let others = wanted.others.iter().map(|one| match one {
        Contained::Jwt(jwt) => jwt.clone(),
        Contained::Embedded(document) => document.to_string(),
    });
    let lines: Vec<String> = ids.iter().cloned().chain(others).collect();
    Digest::of(format!("{}\n{}\n{}", wanted.target, wanted.now, lines.join("\n")).as_bytes())
}

fn contain(issued: &Issued, target: Target) -> Result<Contained, PresentError> {
    if is_withdrawn(issued) {
        return Err(PresentError::Withdrawn(issued.subject.clone()));
    }
    let form = match target {
        Target::Danube => &issued.jwt,
        target => issued.forms.get(&target).ok_or(PresentError::Target(target))?,
    };
    match target.is_jwt() {
        true => Ok(Contained::Jwt(form.clone())),
        false => Ok(Contained::Embedded(serde_json::from_str(form).map_err(PresentError::Stored)?)),
    }
}

fn is_withdrawn(issued: &Issued) -> bool {
    issued.revoked_at.is_some() || issued.suspended_at.is_some()
}

fn is_gaia_x(target: Target) -> bool {
    matches!(target, Target::Danube | Target::Loire | Target::Xfsc)
}

fn is_called(subject: &str, name: &str) -> bool {
    subject == name || subject.split_once("/subjects/").is_some_and(|(_, short)| short == name)
}

#[cfg(test)]
mod tests;
