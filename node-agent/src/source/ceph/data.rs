//! What is kept how: pools, the rules that spread their copies, erasure codes, and room.

use std::collections::BTreeMap;

use descriptors::fact::ceph::{Capacity, Pool, Rule};
use descriptors::fact::{AbsenceReason, Reading};
use serde::Deserialize;

use super::{Answers, ERASURE_PROFILE};

/// Pool types 1 and 3; 2 was never used.
const REPLICATED: u32 = 1;
const ERASURE: u32 = 3;

#[derive(Debug, Deserialize)]
struct RuleAnswer {
    rule_id: u32,
    rule_name: String,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    op: String,
    item_name: Option<String>,
    num: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PoolAnswer {
    pool_id: u64,
    pool_name: String,
    #[serde(rename = "type")]
    kind: u32,
    size: u32,
    min_size: u32,
    crush_rule: u32,
    erasure_code_profile: String,
    flags_names: String,
    application_metadata: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    stats: Stats,
}

#[derive(Debug, Deserialize)]
struct Stats {
    total_bytes: u64,
    total_used_raw_bytes: u64,
}

pub(super) fn rules(answers: &Answers) -> Reading<Vec<Rule>> {
    answers.read::<Vec<RuleAnswer>>("osd crush rule dump").map(|rules| {
        let mut rules: Vec<Rule> = rules
            .into_iter()
            .map(|rule| Rule {
                failure_domain: failure_domain(&rule),
                steps: rule.steps.iter().map(step).collect(),
                id: rule.rule_id,
                name: rule.rule_name,
            })
            .collect();
        rules.sort_by_key(|rule| rule.id);
        rules
    })
}

fn step(step: &Step) -> String {
    let mut text = step.op.clone();
    let words = [step.item_name.clone(), step.num.map(|num| num.to_string()), step.kind.clone()];
    for word in words.into_iter().flatten().filter(|word| !word.is_empty()) {
        text.push(' ');
        text.push_str(&word);
    }
    text
}

/// The last step that chooses decides: `choose 3 datacenter, chooseleaf 2 host` puts two copies into each datacenter, and
/// no two on one host.
fn failure_domain(rule: &RuleAnswer) -> Reading<String> {
    let place = format!("rule {}", rule.rule_id);
    if rule.steps.iter().filter(|step| step.op == "take").count() != 1 {
        return Reading::absent(AbsenceReason::NotSupported, format!("{place}: does not take exactly once"));
    }
    let last = rule.steps.iter().rfind(|step| step.op.starts_with("choose"));
    match last.and_then(|step| step.kind.clone()) {
        Some(kind) if !kind.is_empty() => Reading::Present(kind),
        _ => Reading::absent(AbsenceReason::NotPresent, format!("{place}: chooses nothing")),
    }
}

pub(super) fn pools(answers: &Answers) -> Reading<Vec<Pool>> {
    answers.read::<Vec<PoolAnswer>>("osd pool ls detail").map(|pools| {
        let mut pools: Vec<Pool> = pools.into_iter().map(pool).collect();
        pools.sort_by_key(|pool| pool.id);
        pools
    })
}

fn pool(pool: PoolAnswer) -> Pool {
    let mut flags: Vec<String> =
        pool.flags_names.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
    flags.sort_unstable();
    Pool {
        id: pool.pool_id,
        name: pool.pool_name,
        kind: match pool.kind {
            REPLICATED => Reading::Present("replicated".to_owned()),
            ERASURE => Reading::Present("erasure".to_owned()),
            kind => super::super::malformed("osd pool ls detail: type", &kind.to_string()),
        },
        size: pool.size,
        min_size: pool.min_size,
        rule: pool.crush_rule,
        erasure_profile: pool.erasure_code_profile,
        applications: pool.application_metadata.into_keys().collect(),
        flags,
    }
}

/// The erasure codes that pools use; the others say nothing about data.
pub(super) fn erasure_profiles(answers: &Answers) -> Reading<BTreeMap<String, BTreeMap<String, String>>> {
    pools(answers).and_then(|pools| {
        let mut profiles = BTreeMap::new();
        for name in pools.into_iter().map(|pool| pool.erasure_profile).filter(|name| !name.is_empty()) {
            match answers.read(&format!("{ERASURE_PROFILE} {name}")) {
                Reading::Present(settings) => profiles.insert(name, settings),
                Reading::Absent(absence) => return Reading::Absent(absence),
            };
        }
        Reading::Present(profiles)
    })
}

pub(super) fn capacity(answers: &Answers) -> Reading<Capacity> {
    answers.read::<Usage>("df").and_then(|Usage { stats }| {
        if stats.total_bytes == 0 {
            return Reading::absent(AbsenceReason::NotPresent, "df: no room at all");
        }
        let used = u128::from(stats.total_used_raw_bytes).min(stats.total_bytes.into());
        let tenths = (used * 10).div_ceil(stats.total_bytes.into());
        let used_percent_max = u8::try_from(tenths * 10).unwrap_or(100);
        Reading::Present(Capacity { total_bytes: stats.total_bytes, used_percent_max })
    })
}
