//! A JWS inside a JSON document: `EnvelopedVerifiableCredential` and `EnvelopedVerifiablePresentation`.

use crate::json::Json;

/// Media types of an enveloped JWS, those of older drafts included: what the JWS is, its own header says.
const MEDIA_TYPES: [&str; 6] = [
    "application/vc+jwt",
    "application/vp+jwt",
    "application/vc+ld+json+jwt",
    "application/vp+ld+json+jwt",
    "application/vc+ld+jwt",
    "application/vp+ld+jwt",
];

/// The compact JWS in the `id` of an envelope.
pub(super) fn jws_of(envelope: Json<'_>) -> Result<&str, String> {
    let id = envelope.get("id").and_then(Json::as_str).ok_or("an envelope without a text as `id`")?;
    let data = id.strip_prefix("data:").ok_or("the `id` of an envelope is not a `data:` URL")?;
    if let Some((media_type, jws)) = data.split_once(',') {
        if MEDIA_TYPES.contains(&media_type) {
            return Ok(jws);
        }
        return Err(format!("the media type `{}` of the envelope is not known", shortened(media_type)));
    }
    if data.contains(';') {
        return Err("a semicolon separates media type and data: a comma must".to_owned());
    }
    Err("the `data:` URL of the envelope has no data".to_owned())
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
