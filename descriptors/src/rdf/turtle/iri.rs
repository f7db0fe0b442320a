//! Resolution of relative IRIs (RFC 3986, section 5.2).

/// Whether a reference has a scheme.
pub(super) fn is_absolute(reference: &str) -> bool {
    let scheme = reference.split([':', '/', '?', '#']).next().unwrap_or("");
    reference[scheme.len()..].starts_with(':')
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// What `reference`, which has no scheme, means beside `base`, which has one.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    let (base, _) = split(base, '#');
    let (rest, fragment) = split(reference, '#');
    let (path, query) = split(rest, '?');
    let (scheme, after) = base.split_at(base.find(':').map_or(0, |at| at + 1));
    if path.starts_with("//") {
        return format!("{scheme}{reference}");
    }
    let (authority, base_path) = match after.strip_prefix("//") {
        Some(tail) => after.split_at(2 + tail.find(['/', '?']).unwrap_or(tail.len())),
        None => ("", after),
    };
    let (base_path, base_query) = split(base_path, '?');
    let (path, query) = if path.is_empty() {
        (base_path.to_owned(), if query.is_empty() { base_query } else { query })
    } else if path.starts_with('/') {
        (without_dots(path), query)
    } else if base_path.is_empty() && !authority.is_empty() {
        (without_dots(&format!("/{path}")), query)
    } else {
        let directory = base_path.rfind('/').map_or("", |at| &base_path[..=at]);
        (without_dots(&format!("{directory}{path}")), query)
    };
    format!("{scheme}{authority}{path}{query}{fragment}")
}

/// A text before a mark, and from the mark on.
fn split(text: &str, mark: char) -> (&str, &str) {
    text.split_at(text.find(mark).unwrap_or(text.len()))
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').collect();
    for (index, segment) in segments.iter().enumerate() {
        let last = index + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." && kept.len() > 1 {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            plain => kept.push(plain),
        }
    }
    kept.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_resolves_as_in_rfc_3986_section_5_4() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expect) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
        ] {
            assert!(!is_absolute(reference));
            assert_eq!(resolve(base, reference), expect, "{reference}");
        }
        assert!(is_absolute("urn:x") && !is_absolute("a/b:c") && !is_absolute("1:x"));
    }
}
