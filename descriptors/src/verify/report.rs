//! What was checked, what it rests on, and what came of it.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::did::Did;
use crate::json::Document;

/// What came of a check. The order is that of gravity: the gravest decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// It could not be looked at, or not to the end: nothing follows from that.
    NotChecked,
    /// Not as it must be.
    Failed,
}

/// What is checked, in the order in which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// The number of bytes.
    Size,
    /// That bytes are strict JSON, and base64url in one spelling.
    Syntax,
    /// What they are: a JWS with the types of its profile, a document with exactly one proof of a known kind.
    Form,
    /// That the algorithm is on the list.
    Algorithm,
    /// That the one who issues is the one who signs.
    Issuer,
    /// That the key is the issuer's, and for assertions.
    Key,
    /// The certificates of the key.
    Chain,
    /// That the key signed these bytes.
    Signature,
    /// What the document must have: context, types, ids.
    Model,
    /// From when until when it holds.
    Period,
    /// That every name means something.
    Terms,
    /// What a presentation holds.
    Contents,
    /// How the credential stands in its status lists.
    Status,
}

impl Name {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Size,
        Self::Syntax,
        Self::Form,
        Self::Algorithm,
        Self::Issuer,
        Self::Key,
        Self::Chain,
        Self::Signature,
        Self::Model,
        Self::Period,
        Self::Terms,
        Self::Contents,
        Self::Status,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Syntax => "syntax",
            Self::Form => "form",
            Self::Algorithm => "algorithm",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::Chain => "chain",
            Self::Signature => "signature",
            Self::Model => "model",
            Self::Period => "period",
            Self::Terms => "terms",
            Self::Contents => "contents",
            Self::Status => "status",
        }
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where: a JSON Pointer into the document; of a JWS header it begins with `header:`.
    pub path: String,
    /// What is wrong, or what is missing to say.
    pub problem: String,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: Name,
    /// What came of it.
    pub outcome: Outcome,
    /// What it rests on, where it passed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub rests_on: Cow<'static, str>,
    /// What was found, where it did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Form {
    /// A compact JWS.
    #[serde(rename = "jws")]
    Jws,
    /// A document with a proof of `eddsa-rdfc-2022`.
    #[serde(rename = "eddsa-rdfc-2022")]
    EddsaRdfc2022,
    /// A document with a proof of `eddsa-jcs-2022`.
    #[serde(rename = "eddsa-jcs-2022")]
    EddsaJcs2022,
    /// A document with a proof of `JsonWebSignature2020`.
    #[serde(rename = "JsonWebSignature2020")]
    JsonWebSignature2020,
    /// A document with no proof, several, or one of another kind.
    #[serde(rename = "unproven")]
    Unproven,
    /// Not a credential.
    #[serde(rename = "unknown")]
    Unknown,
}

/// Everything that was checked of one document.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the bytes are.
    pub form: Form,
    /// Whether it is a presentation.
    pub is_presentation: bool,
    /// Who the proof says it is from; a fact only where the checks passed.
    pub issuer: Option<Did>,
    /// The verification method of the proof.
    pub method: Option<String>,
    /// Every check, each once, in the order of [`Name`].
    pub checks: Vec<Check>,
    /// The credentials inside a presentation, in its order.
    pub credentials: Vec<Report>,
    /// What was read from the bytes that were checked.
    pub(super) document: Option<Document>,
}

impl Report {
    /// Bad before could-not-check before good, over the document and everything inside it.
    pub fn outcome(&self) -> Outcome {
        let own = self.checks.iter().map(|check| check.outcome);
        own.chain(self.credentials.iter().map(Self::outcome)).max().unwrap_or(Outcome::NotChecked)
    }

    /// The document, where every check passed.
    pub fn verified(&self) -> Option<&Document> {
        self.document.as_ref().filter(|_| self.outcome() == Outcome::Passed)
    }

    /// The document, whatever came of the checks: for showing it, not for relying on it.
    pub fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// The check called `name`, where it was part of the plan.
    pub fn check(&self, name: Name) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// Findings of everything that did not pass, those of enclosed credentials behind their place.
    pub fn findings(&self) -> Vec<(Name, Outcome, Finding)> {
        let own = self.checks.iter().filter(|check| check.outcome != Outcome::Passed);
        let own = own.flat_map(|check| check.findings.iter().map(|f| (check.name, check.outcome, f.clone())));
        let inner = self.credentials.iter().enumerate().flat_map(|(at, report)| {
            report.findings().into_iter().map(move |(name, outcome, mut finding)| {
                finding.path = format!("/verifiableCredential/{at}{}", finding.path);
                (name, outcome, finding)
            })
        });
        own.chain(inner).collect()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            outcome: Outcome,
            form: Form,
            presentation: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            issuer: &'a Option<Did>,
            #[serde(skip_serializing_if = "Option::is_none")]
            method: &'a Option<String>,
            checks: &'a [Check],
            #[serde(skip_serializing_if = "<[Report]>::is_empty")]
            credentials: &'a [Report],
        }
        let Self { form, is_presentation, issuer, method, checks, credentials, .. } = self;
        let outcome = self.outcome();
        Shape { outcome, form: *form, presentation: *is_presentation, issuer, method, checks, credentials }
            .serialize(serializer)
    }
}

/// The checks of one document, while they are made.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    checks: Vec<Check>,
}

impl Sheet {
    /// Notes that a check passed, unless it was noted otherwise.
    pub(super) fn pass(&mut self, name: Name, rests_on: impl Into<Cow<'static, str>>) {
        if !self.checks.iter().any(|check| check.name == name) {
            let (outcome, rests_on) = (Outcome::Passed, rests_on.into());
            self.checks.push(Check { name, outcome, rests_on, findings: Vec::new() });
        }
    }

    pub(super) fn fail(
        &mut self,
        name: Name,
        path: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) {
        let finding = Finding { path: path.into(), problem: problem.into(), remedy: remedy.into() };
        self.add(name, Outcome::Failed, finding);
    }

    pub(super) fn not_checked(
        &mut self,
        name: Name,
        path: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) {
        let finding = Finding { path: path.into(), problem: problem.into(), remedy: remedy.into() };
        self.add(name, Outcome::NotChecked, finding);
    }

    /// Adds a finding; the gravest outcome of a check stands.
    pub(super) fn add(&mut self, name: Name, outcome: Outcome, finding: Finding) {
        match self.checks.iter_mut().find(|check| check.name == name) {
            Some(check) => {
                check.outcome = check.outcome.max(outcome);
                check.rests_on = Cow::Borrowed("");
                check.findings.push(finding);
            }
            None => self.checks.push(Check { name, outcome, rests_on: Cow::Borrowed(""), findings: vec![finding] }),
        }
    }

    /// Whether this check was made and passed.
    pub(super) fn has_passed(&self, name: Name) -> bool {
        self.checks.iter().any(|check| check.name == name && check.outcome == Outcome::Passed)
    }

    /// Notes for checks that were not made why they could not be.
    pub(super) fn leave_out(&mut self, names: &[Name], why: &str) {
        for name in names {
            if !self.checks.iter().any(|check| check.name == *name) {
                self.not_checked(*name, "", why, "mend what was found before");
            }
        }
    }

    /// The same for every check behind `last`.
    pub(super) fn stop_after(&mut self, last: Name, why: &str) {
        let behind: Vec<Name> = Name::ALL.into_iter().filter(|name| *name > last && *name != Name::Contents).collect();
        self.leave_out(&behind, why);
    }

    pub(super) fn close(mut self, form: Form) -> Report {
        self.checks.sort_by_key(|check| check.name);
        Report {
            form,
            is_presentation: false,
            issuer: None,
            method: None,
            checks: self.checks,
            credentials: Vec::new(),
            document: None,
        }
    }
}
