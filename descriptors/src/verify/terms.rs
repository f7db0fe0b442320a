//! That every name means something: JSON-LD in safe mode, with the contexts that are held and no others.

use serde_json::Value;

use super::report::Sheet;
use super::{Form, Name, Verifier, chain};
use crate::json::Json;
use crate::json_ld::{self, ContextFault, ExpandFault};
use crate::rdf::canonical::{self, CanonicaliseError, canonicalise};

pub(super) const RESTS_ON: &str = "the contexts that are held: no name, id or value is dropped";

/// More names that are wrong in the same way say nothing new.
const FINDINGS_MAX: usize = 20;

/// Checks the names of a document whose proof does not rest on them.
pub(super) fn check(verifier: &Verifier<'_>, root: Json<'_>, form: Form, sheet: &mut Sheet) {
    let checked = sheet.has_passed(Name::Terms) || matches!(form, Form::EddsaRdfc2022 | Form::JsonWebSignature2020);
    if checked {
        sheet.leave_out(&[Name::Terms], "the proof could not be read");
        return;
    }
    if !verifier.policy.terms {
        return;
    }
    let mut document = root.to_value();
    if let Some(members) = document.as_object_mut() {
        members.retain(|name, _| !is_beside_the_terms(root, form, name));
    }
    if expand(verifier, &document, "", sheet, |_| Some(())).is_some() {
        sheet.pass(Name::Terms, RESTS_ON);
    }
}

/// Members that are checked elsewhere, or that the data model does not know and the proof covers all the same.
fn is_beside_the_terms(root: Json<'_>, form: Form, name: &str) -> bool {
    let of_a_token = || matches!(name, "iss" | "sub" | "jti" | "iat" | "exp" | "nbf" | "aud");
    // Gaia-X asks for issuer and times of presentations, and the W3C's context does not define them there; what stands
    // inside is checked by itself, in its own contexts.
    let of_a_presentation = || matches!(name, "issuer" | "validFrom" | "validUntil" | "verifiableCredential");
    name == "proof"
        || form == Form::Jws && (of_a_token() || of_a_presentation() && super::has_type(root, "VerifiablePresentation"))
}

/// The canonical statements of a document, or part of one that stands at `path`.
pub(super) fn canonical(verifier: &Verifier<'_>, document: &Value, path: &str, sheet: &mut Sheet) -> Option<String> {
    let outcome = expand(verifier, document, path, sheet, |expanded| {
        let steps_max = verifier.steps_left.get();
        let statements_max = verifier.policy.limits.statements_max;
        let limits = canonical::Limits { statements_max, steps_max, ..canonical::Limits::default() };
        Some(canonicalise(&expanded.statements, &limits))
    })?;
    match outcome {
        Ok(canonical) => Some(canonical.text),
        Err(error @ CanonicaliseError::TooComplex { .. }) => {
            // Whoever sends several of these pays for them together.
            verifier.steps_left.set(verifier.steps_left.get() / 8);
            let remedy = "give the nodes ids; a document of this kind may also be an attack";
            sheet.not_checked(Name::Terms, path, chain(&error), remedy);
            None
        }
        Err(error) => {
            sheet.fail(Name::Terms, path, chain(&error), "write a document that states something");
            None
        }
    }
}

fn expand<T>(
    verifier: &Verifier<'_>,
    document: &Value,
    path: &str,
    sheet: &mut Sheet,
    and_then: impl FnOnce(&json_ld::Expanded<'_>) -> Option<T>,
) -> Option<T> {
    let none = Value::Array(Vec::new());
    let compiled = match verifier.held.contexts.compiled(document.get("@context").unwrap_or(&none)) {
        Ok(compiled) => compiled,
        Err(error) => {
            let place = format!("{path}/@context");
            match error.fault {
                ContextFault::Unknown => {
                    let remedy = "hand in the context document, with its digest pinned";
                    sheet.not_checked(Name::Terms, place, chain(&error), remedy);
                }
                _ => sheet.fail(Name::Terms, place, chain(&error), "use contexts that do not change what terms mean"),
            }
            return None;
        }
    };
    let limits = json_ld::ExpandLimits { statements_max: verifier.policy.limits.statements_max, ..Default::default() };
    let expanded = match compiled.expand_within(document, &limits) {
        Ok(expanded) => expanded,
        Err(error) => {
            let place = format!("{path}{}", error.pointer);
            match &error.rule {
                ExpandFault::TooLarge { .. } => {
                    sheet.not_checked(Name::Terms, place, error.rule.to_string(), "raise the limits, or split it");
                }
                ExpandFault::Unsupported(_) => {
                    sheet.not_checked(Name::Terms, place, error.rule.to_string(), "write it without that part");
                }
                rule => sheet.fail(Name::Terms, place, chain(rule), "write only what the contexts define"),
            }
            return None;
        }
    };
    for (pointers, problem, remedy) in [
        (
            &expanded.vocab_terms,
            "no context defines this name: only `@vocab` catches it",
            "correct the name, or prefix it",
        ),
        (
            &expanded.undefined_prefixes,
            "no context defines this prefix",
            "define the prefix, or write the whole address",
        ),
    ] {
        for pointer in pointers.iter().take(FINDINGS_MAX).filter(|_| !verifier.policy.vocab_names) {
            sheet.not_checked(Name::Terms, format!("{path}{pointer}"), problem, remedy);
        }
    }
    and_then(&expanded)
}
