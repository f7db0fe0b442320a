//! Regions, datacenters, availability zones, racks and nodes, as declared, with what was heard of each node.

use axum::extract::State;
use descriptors::declaration::{AvailabilityZone, Need, Rack};
use maud::{Markup, html};

use super::{Frame, Page, standing_sign, view};
use crate::api::shape::standing_of;
use crate::http::{App, View};

pub(super) async fn page(state: State<App>) -> Page {
    let (app, view) = view(state).await?;
    let content = html! {
        h1 { "Zones" }
        @match &view.topology.declaration {
            None => { p { "No declaration is loaded, so no zone is known." } }
            Some(signed) => {
                p.soft { "As declared by the provider; how each node stands was observed. Declaration " code { (signed.digest) } "." }
                @for region in &signed.declaration.regions {
                    h2 { "Region " (region.id) }
                    @for datacenter in &region.datacenters {
                        h3 { "Datacenter " (datacenter.id)
                            @if let Some(town) = &datacenter.address.locality { span.soft { " · " (town) ", " (datacenter.address.country_code.as_str()) } }
                        }
                        @for zone in &datacenter.availability_zones { (table(&view, zone)) }
                    }
                }
            }
        }
    };
    Frame { title: "Zones", path: "/zones", json: "/v1/zones" }.page(&app, &view, content)
}

fn table(view: &View, zone: &AvailabilityZone) -> Markup {
    html! {
        div.scroll.apart #{ "zone-" (zone.id) } {
            table {
                caption { strong { (zone.id) } @if !zone.needs.is_empty() { " · every rack needs " (needs(&zone.needs)) } }
                thead { tr { th scope="col" { "Rack" } th scope="col" { "Needs" } th scope="col" { "Nodes" } } }
                tbody { @for rack in &zone.racks { (row(view, rack)) } }
            }
        }
    }
}

fn row(view: &View, rack: &Rack) -> Markup {
    html! {
        tr {
            th scope="row" { (rack.id) }
            td { @if rack.needs.is_empty() { span.absent { "nothing declared" } } @else { (needs(&rack.needs)) } }
            td {
                ul.row {
                    @for node in &rack.nodes {
                        li {
                            @let standing = standing_of(view, node);
                            // A node that was never heard has no page.
                            @if standing == "silent" { (node) } @else { a href={ "/nodes/" (node) } { (node) } }
                            " " (standing_sign(standing))
                        }
                    }
                }
                @if rack.nodes.is_empty() { span.absent { "no nodes declared" } }
            }
        }
    }
}

fn needs(needs: &[Need]) -> String {
    let each: Vec<String> = needs.iter().map(need).collect();
    each.join(", ")
}

fn need(need: &Need) -> String {
    let parts: Vec<&str> = need.parts().iter().map(|part| part.as_str()).collect();
    match need {
        Need::Part(part) => part.to_string(),
        Need::AnyOf(_) => parts.join(" or "),
        Need::AtLeast(some) => format!("{} of {}", some.at_least, parts.join(", ")),
    }
}
