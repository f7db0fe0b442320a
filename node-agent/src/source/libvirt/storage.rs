//! Storage pools and networks of libvirt's own.

use descriptors::fact::Reading;
use descriptors::fact::libvirt::{StoragePool, VirtualNetwork};
use roxmltree::Node;

use super::xml::{attribute, child, children, descend, document, text};

/// Reads each document of a list and sorts what they say; one that cannot be read makes the list absent.
fn each<T: Ord>(texts: Reading<Vec<String>>, place: &str, read: impl Fn(Node<'_, '_>) -> T) -> Reading<Vec<T>> {
    texts.and_then(|texts| {
        let mut list = Vec::with_capacity(texts.len());
        for xml in &texts {
            match document(place, xml) {
                Reading::Present(document) => list.push(read(document.root_element())),
                Reading::Absent(absence) => return Reading::Absent(absence),
            }
        }
        list.sort_unstable();
        Reading::Present(list)
    })
}

pub(super) fn pools(texts: Reading<Vec<String>>) -> Reading<Vec<StoragePool>> {
    each(texts, "storage pool", |pool| {
        let source = child(pool, "source");
        let hosts =
            source.into_iter().flat_map(|source| children(source, "host")).filter_map(|host| host.attribute("name"));
        let devices = source
            .into_iter()
            .flat_map(|source| children(source, "device"))
            .filter_map(|device| device.attribute("path"));
        let directory = source.and_then(|source| child(source, "dir")).and_then(|dir| dir.attribute("path"));
        let name = source.and_then(|source| child(source, "name")).and_then(text);
        StoragePool {
            name: text_of(pool, &["name"]),
            kind: pool.attribute("type").unwrap_or_default().to_owned(),
            source: hosts.chain(devices).chain(directory).chain(name).collect::<Vec<_>>().join(" "),
            path: text_of(pool, &["target", "path"]),
        }
    })
}

pub(super) fn networks(texts: Reading<Vec<String>>) -> Reading<Vec<VirtualNetwork>> {
    each(texts, "network", |network| VirtualNetwork {
        name: text_of(network, &["name"]),
        forward: match child(network, "forward") {
            // libvirt's default.
            Some(forward) => forward.attribute("mode").unwrap_or("nat").to_owned(),
            None => String::new(),
        },
        bridge: attribute(child(network, "bridge"), "name"),
    })
}

fn text_of(node: Node<'_, '_>, path: &[&str]) -> String {
    descend(node, path).and_then(text).unwrap_or_default().to_owned()
}
