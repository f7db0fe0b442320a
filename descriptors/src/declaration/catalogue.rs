//! Whether flavors, images and service offerings fit together, and fit the places they are had in.

use std::collections::{BTreeMap, BTreeSet};

use super::flavor::Flavor;
use super::image::{Image, Rights};
use super::service::{Offer, ServiceOffering, VirtualMachines};
use super::{Checker, Declaration, Path, nearest_name, scs_name};

/// What offerings and flavors may refer to.
struct Known<'a> {
    zones: BTreeSet<&'a str>,
    nodes: BTreeSet<&'a str>,
    datacenters: BTreeSet<&'a str>,
    flavors: BTreeMap<&'a str, &'a Flavor>,
    images: BTreeMap<&'a str, &'a Image>,
    services: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(declaration: &'a Declaration) -> Self {
        let racks = declaration.zones().flat_map(|(_, _, zone)| &zone.racks);
        Self {
            zones: declaration.zones().map(|(_, _, zone)| zone.id.as_str()).collect(),
            nodes: racks.flat_map(|rack| &rack.nodes).map(|node| node.as_str()).collect(),
            datacenters: declaration.zones().map(|(_, datacenter, _)| datacenter.id.as_str()).collect(),
            flavors: declaration.flavors.iter().map(|flavor| (flavor.id.as_str(), flavor)).collect(),
            images: declaration.images.iter().map(|image| (image.id.as_str(), image)).collect(),
            services: declaration.service_offerings.iter().map(|service| service.id.as_str()).collect(),
        }
    }
}

impl<'a> Checker<'a> {
    /// Flavors, images and service offerings.
    pub(super) fn catalogue(&mut self, declaration: &'a Declaration) {
        let known = Known::of(declaration);
        let mut names = BTreeSet::new();
        let path = Path::default().member("flavors");
        for (f, flavor) in declaration.flavors.iter().enumerate() {
            let path = path.index(f);
            self.unique(&mut names, "flavor", flavor.id.as_str(), path.member("id"));
            self.unique(&mut names, "flavor name", flavor.shown_name(), path.member("name"));
            self.flavor(flavor, &path, &known);
        }
        let path = Path::default().member("images");
        for (i, image) in declaration.images.iter().enumerate() {
            let path = path.index(i);
            self.unique(&mut names, "image", image.id.as_str(), path.member("id"));
            self.rights(&image.rights, &path.member("rights"));
            if let Some(rights) = image.operating_system.as_ref().and_then(|system| system.rights.as_ref()) {
                self.rights(rights, &path.member("operating_system").member("rights"));
            }
        }
        let path = Path::default().member("service_offerings");
        for (s, service) in declaration.service_offerings.iter().enumerate() {
            let path = path.index(s);
            self.unique(&mut names, "service offering", service.id.as_str(), path.member("id"));
            self.service(service, &path, &known);
        }
    }

    fn flavor(&mut self, flavor: &Flavor, path: &Path, known: &Known<'_>) {
        for (z, zone) in flavor.zones.iter().enumerate() {
            let path = path.member("zones").index(z);
            self.refers("availability zone", zone.as_str(), known.zones.iter().copied(), path);
        }
        for (n, node) in flavor.nodes.iter().enumerate() {
            let path = path.member("nodes").index(n);
            self.refers("node", node.as_str(), known.nodes.iter().copied(), path);
        }
        if !flavor.zones.is_empty() && !flavor.nodes.is_empty() {
            let help = "name the zones, or the nodes, and leave the other list out";
            self.mistake(path.member("nodes"), "a flavor is had in zones or on nodes, not in both", help);
        }
        if flavor.shown_name().starts_with(scs_name::PREFIX) {
            self.promise(flavor, path);
        }
    }

    /// A flavor delivers at least what its name says.
    fn promise(&mut self, flavor: &Flavor, path: &Path) {
        let name = flavor.shown_name();
        let Some(promise) = scs_name::read(name) else {
            let help = "write SCS-<vCPUs><L, V, T or C>-<GiB>[-<GB>…], such as SCS-4V-16-100s, or another prefix";
            self.mistake(path.member("name"), format!("`{name}` is not a name of SCS-0100"), help);
            return;
        };
        let mut short = |member, promised: String, declared: String| {
            let problem = format!("the name `{name}` promises {promised}, and the flavor has {declared}");
            self.mistake(path.member(member), problem, "deliver at least what the name says, or choose another name");
        };
        if flavor.vcpus.get() < promise.vcpus {
            short("vcpus", format!("{} vCPUs", promise.vcpus), flavor.vcpus.to_string());
        }
        if flavor.ram.bytes() < promise.ram_bytes() {
            let promised = format!("{}.{} GiB of memory", promise.ram_tenths / 10, promise.ram_tenths % 10);
            short("ram", promised, flavor.ram.to_string());
        }
        let disk = promise.disk_gb.filter(|gb| flavor.boot_disk.size.bytes() < u64::from(*gb) * 1_000_000_000);
        if let Some(gb) = disk {
            short("boot_disk", format!("a disk of {gb} GB"), flavor.boot_disk.size.to_string());
        }
    }

    fn rights(&mut self, rights: &Rights, path: &Path) {
        self.at_least_one(
            rights.copyright_owned_by.len(),
            "owner of the copyright",
            &path.member("copyright_owned_by"),
        );
        self.at_least_one(rights.licences.len(), "licence", &path.member("licences"));
        self.at_least_one(rights.policies.len(), "policy", &path.member("policies"));
    }

    fn service(&mut self, service: &'a ServiceOffering, path: &Path, known: &Known<'a>) {
        self.at_least_one(service.terms_and_conditions.len(), "document", &path.member("terms_and_conditions"));
        if let Some(endpoint) = &service.endpoint {
            self.at_least_one(endpoint.standards.len(), "standard", &path.member("endpoint").member("standards"));
        }
        for (d, datacenter) in service.datacenters.iter().enumerate() {
            let path = path.member("datacenters").index(d);
            self.refers("datacenter", datacenter.as_str(), known.datacenters.iter().copied(), path);
        }
        for (d, needed) in service.depends_on.iter().enumerate() {
            let path = path.member("depends_on").index(d);
            if *needed == service.id {
                self.mistake(path, "a service does not need itself", "leave it out");
            } else {
                self.refers("service offering", needed.as_str(), known.services.iter().copied(), path);
            }
        }
        let path = path.member("offers").member(service.offers.member());
        if let Offer::VirtualMachines(machines) = &service.offers {
            self.machines(machines, &path, known);
        }
        if let Some(storage) = service.offers.storage() {
            let path = path.member("storage");
            if storage.encryption.is_empty() {
                let help =
                    "name cipher and key management; the ontology has no words for storage that is not encrypted";
                self.mistake(path.member("encryption"), "storage is encrypted in at least one way", help);
            }
            if let (Some(least), Some(most)) = (storage.minimum_size, storage.maximum_size)
                && least.bytes() > most.bytes()
            {
                let problem = format!("the least size, {least}, is more than the most, {most}");
                self.mistake(path.member("minimum_size"), problem, "exchange them");
            }
        }
    }

    fn machines(&mut self, machines: &'a VirtualMachines, path: &Path, known: &Known<'a>) {
        let mut images: Vec<&Image> = Vec::new();
        for (i, image) in machines.images.iter().enumerate() {
            let path = path.member("images").index(i);
            self.refers("image", image.as_str(), known.images.keys().copied(), path);
            images.extend(known.images.get(image.as_str()));
        }
        let mut flavors: Vec<&Flavor> = Vec::new();
        for (f, flavor) in machines.flavors.iter().enumerate() {
            let path = path.member("flavors").index(f);
            self.refers("flavor", flavor.as_str(), known.flavors.keys().copied(), path);
            flavors.extend(known.flavors.get(flavor.as_str()));
        }
        if machines.images.is_empty() {
            self.at_least_one(known.images.len(), "image", &path.member("images"));
            images.extend(known.images.values());
        }
        if machines.flavors.is_empty() {
            self.at_least_one(known.flavors.len(), "flavor", &path.member("flavors"));
            flavors.extend(known.flavors.values());
        }
        for image in images {
            let (ram, disk) =
                (image.minimum_ram.map_or(0, |ram| ram.bytes()), image.minimum_disk.map_or(0, |d| d.bytes()));
            let fits = |flavor: &&Flavor| flavor.ram.bytes() >= ram && flavor.boot_disk.size.bytes() >= disk;
            if !flavors.is_empty() && !flavors.iter().any(fits) {
                let problem = format!("no flavor offered is large enough for the image `{}`", image.id);
                self.mistake(path.member("flavors"), problem, "offer a larger flavor, or leave the image out");
            }
        }
    }

    fn refers<'n>(&mut self, kind: &str, wanted: &str, names: impl Iterator<Item = &'n str> + Clone, path: Path) {
        if names.clone().any(|name| name == wanted) {
            return;
        }
        let help = match nearest_name(wanted, names) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("declare the {kind}, or leave it out"),
        };
        self.mistake(path, format!("there is no {kind} `{wanted}`"), help);
    }

    fn at_least_one(&mut self, count: usize, what: &str, path: &Path) {
        if count == 0 {
            self.mistake(path.clone(), format!("at least one {what} is needed"), format!("name a {what}"));
        }
    }
}
