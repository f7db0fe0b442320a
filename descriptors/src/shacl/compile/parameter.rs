//! From the parameters of a shape to its constraints (SHACL section 4).

use std::collections::BTreeSet;

use super::source::Node;
use super::{Compiler, IllFormed};
use crate::rdf::{Term, xsd};
use crate::shacl::NAMESPACE;
use crate::shacl::constraint::{Constraint, NodeKinds};
use crate::shacl::pattern::Pattern;
use crate::shacl::report::{Component, Reason};
use crate::shacl::terms::TermId;

type Made = Result<Vec<Constraint>, IllFormed>;

impl Compiler<'_> {
    /// The constraints that the parameter `name` of the shape `node` asks for.
    pub(super) fn parameter(&mut self, node: Node, name: &str, is_property: bool, around: Option<&Term>) -> Made {
        let values = self.source.values(node, &format!("{NAMESPACE}{name}"));
        match name {
            "path"
            | "targetNode"
            | "targetClass"
            | "targetSubjectsOf"
            | "targetObjectsOf"
            | "name"
            | "description"
            | "order"
            | "group"
            | "defaultValue"
            | "message"
            | "severity"
            | "deactivated"
            | "flags"
            | "rule"
            | "ignoredProperties"
            | "qualifiedMinCount"
            | "qualifiedMaxCount"
            | "qualifiedValueShapesDisjoint"
            | "target" => Ok(Vec::new()),
            "class" => self.iris(&values, "class", Constraint::Class),
            "equals" => self.iris(&values, "equals", Constraint::Equals),
            "disjoint" => self.iris(&values, "disjoint", Constraint::Disjoint),
            "datatype" | "nodeKind" | "minExclusive" | "minInclusive" | "maxExclusive" | "maxInclusive" => {
                self.of_one_value(name, &values).map(|constraint| vec![constraint])
            }
            "minLength" => Ok(vec![Constraint::MinLength(self.count(&values, "minLength")?)]),
            "maxLength" => Ok(vec![Constraint::MaxLength(self.count(&values, "maxLength")?)]),
            "pattern" => self.patterns(node, &values),
            "languageIn" => self.languages(&values),
            "node" => Ok(values.iter().map(|value| Constraint::Node(self.number(*value, around))).collect()),
            "not" => Ok(values.iter().map(|value| Constraint::Not(self.number(*value, around))).collect()),
            "and" => self.lists(&values, "and", around, Constraint::And),
            "or" => self.lists(&values, "or", around, Constraint::Or),
            "xone" => self.lists(&values, "xone", around, Constraint::Xone),
            "property" => self.properties(&values, around),
            "closed" => self.closed(node, &values),
            "hasValue" => Ok(values.iter().map(|value| Constraint::HasValue(self.keep(*value))).collect()),
            "in" => self.one_of(&values),
            "minCount" | "maxCount" | "uniqueLang" | "lessThan" | "lessThanOrEquals" | "qualifiedValueShape" => {
                match is_property {
                    true => self.of_property(node, name, &values, around),
                    false => Ok(vec![Constraint::NotChecked(Reason::IllFormed(format!("{name} (without a path)")))]),
                }
            }
            _ => Ok(vec![Constraint::NotChecked(Reason::NotCore(format!("{NAMESPACE}{name}")))]),
        }
    }

    /// Those that only a property shape may have.
    fn of_property(&mut self, node: Node, name: &str, values: &[Node], around: Option<&Term>) -> Made {
        match name {
            "minCount" => Ok(vec![Constraint::MinCount(self.count(values, "minCount")?)]),
            "maxCount" => Ok(vec![Constraint::MaxCount(self.count(values, "maxCount")?)]),
            "uniqueLang" => {
                let value = one(values, "uniqueLang")?;
                // `"1"^^xsd:boolean` is another term than `true`, which alone the specification names (core test uniqueLang-002).
                match self.source.boolean(value).ok_or(IllFormed("uniqueLang"))? && self.source.is_the_word_true(value)
                {
                    true => Ok(vec![Constraint::UniqueLang]),
                    false => Ok(Vec::new()),
                }
            }
            "lessThan" => self.iris(values, "lessThan", |than| Constraint::LessThan { than, or_equals: false }),
            "lessThanOrEquals" => {
                self.iris(values, "lessThanOrEquals", |than| Constraint::LessThan { than, or_equals: true })
            }
            _ => self.qualified(node, values, around),
        }
    }

    fn iris(&mut self, values: &[Node], name: &'static str, make: impl Fn(TermId) -> Constraint) -> Made {
        let made = values.iter().map(|value| match self.source.term(*value) {
            Term::Iri(_) => Ok(make(self.keep(*value))),
            Term::Blank(_) | Term::Literal(_) => Err(IllFormed(name)),
        });
        made.collect()
    }

    fn of_one_value(&mut self, name: &str, values: &[Node]) -> Result<Constraint, IllFormed> {
        let bound = |component, parameter| (component, parameter);
        let (component, parameter) = match name {
            "datatype" => {
                let value = one(values, "datatype")?;
                self.source.term(value).as_iri().ok_or(IllFormed("datatype"))?;
                return Ok(Constraint::Datatype(self.keep(value)));
            }
            "nodeKind" => {
                let iri =
                    self.source.term(one(values, "nodeKind")?).as_iri().and_then(|iri| iri.strip_prefix(NAMESPACE));
                return iri.and_then(NodeKinds::named).map(Constraint::NodeKind).ok_or(IllFormed("nodeKind"));
            }
            "minExclusive" => bound(Component::MinExclusive, "minExclusive"),
            "minInclusive" => bound(Component::MinInclusive, "minInclusive"),
            "maxExclusive" => bound(Component::MaxExclusive, "maxExclusive"),
            _ => bound(Component::MaxInclusive, "maxInclusive"),
        };
        let limit = one(values, parameter)?;
        let literal = self.source.literal(limit).ok_or(IllFormed(parameter))?;
        Ok(Constraint::Bound { component, value: xsd::Value::of(literal), limit: self.keep(limit) })
    }

    fn count(&self, values: &[Node], name: &'static str) -> Result<u64, IllFormed> {
        self.source.count(one(values, name)?).ok_or(IllFormed(name))
    }

    fn patterns(&self, node: Node, values: &[Node]) -> Made {
        let flags = match *self.source.values(node, &format!("{NAMESPACE}flags")) {
            [] => "",
            [flags] => self.source.literal(flags).map(|literal| literal.text.as_str()).ok_or(IllFormed("flags"))?,
            _ => return Err(IllFormed("flags")),
        };
        let made = values.iter().map(|value| {
            let text = &self.source.literal(*value).ok_or(IllFormed("pattern"))?.text;
            Ok(match Pattern::new(text, flags) {
                Ok(pattern) => Constraint::Pattern { pattern, text: text.clone() },
                Err(error) => Constraint::NotChecked(Reason::Pattern(format!("`{text}`: {error}"))),
            })
        });
        made.collect()
    }

    fn languages(&self, values: &[Node]) -> Made {
        let items = self.source.list(one(values, "languageIn")?).ok_or(IllFormed("languageIn"))?;
        let text = |item: &Node| self.source.literal(*item).map(|literal| literal.text.to_ascii_lowercase());
        let languages: Option<Vec<String>> = items.iter().map(text).collect();
        languages.map(|languages| vec![Constraint::LanguageIn(languages)]).ok_or(IllFormed("languageIn"))
    }

    fn lists(
        &mut self,
        values: &[Node],
        name: &'static str,
        around: Option<&Term>,
        make: impl Fn(Vec<usize>) -> Constraint,
    ) -> Made {
        let made = values.iter().map(|value| {
            let members = self.source.list(*value).ok_or(IllFormed(name))?;
            Ok(make(members.iter().map(|member| self.number(*member, around)).collect()))
        });
        made.collect()
    }

    fn properties(&mut self, values: &[Node], around: Option<&Term>) -> Made {
        let made =
            values.iter().map(|value| match self.source.values(*value, &format!("{NAMESPACE}path")).is_empty() {
                true => Err(IllFormed("property (without a path)")),
                false => Ok(Constraint::Property(self.number(*value, around))),
            });
        made.collect()
    }

    fn closed(&mut self, node: Node, values: &[Node]) -> Made {
        match self.source.boolean(one(values, "closed")?) {
            Some(false) => return Ok(Vec::new()),
            Some(true) => {}
            None => return Err(IllFormed("closed")),
        }
        let properties = self.source.values(node, &format!("{NAMESPACE}property"));
        let paths = properties.iter().flat_map(|shape| self.source.values(*shape, &format!("{NAMESPACE}path")));
        let mut allowed: BTreeSet<Node> = paths.filter(|path| self.source.term(*path).as_iri().is_some()).collect();
        for list in self.source.values(node, &format!("{NAMESPACE}ignoredProperties")) {
            allowed.extend(self.source.list(list).ok_or(IllFormed("ignoredProperties"))?);
        }
        let mut allowed: Vec<TermId> = allowed.into_iter().map(|predicate| self.keep(predicate)).collect();
        allowed.sort_unstable();
        Ok(vec![Constraint::Closed(allowed)])
    }

    fn one_of(&mut self, values: &[Node]) -> Made {
        let items = self.source.list(one(values, "in")?).ok_or(IllFormed("in"))?;
        let listed: Vec<TermId> = items.into_iter().map(|item| self.keep(item)).collect();
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        Ok(vec![Constraint::In { sorted, listed }])
    }

    fn qualified(&mut self, node: Node, values: &[Node], around: Option<&Term>) -> Made {
        let limit = |name: &'static str| match *self.source.values(node, &format!("{NAMESPACE}{name}")) {
            [] => Ok(None),
            [count] => self.source.count(count).map(Some).ok_or(IllFormed(name)),
            _ => Err(IllFormed(name)),
        };
        let (least, most) = (limit("qualifiedMinCount")?, limit("qualifiedMaxCount")?);
        let disjoint = self.source.values(node, &format!("{NAMESPACE}qualifiedValueShapesDisjoint"));
        let siblings = match disjoint.iter().any(|value| self.source.is_true(*value)) {
            true => self.siblings(node),
            false => BTreeSet::new(),
        };
        let mut made = Vec::new();
        for value in values {
            let others = siblings.iter().filter(|sibling| *sibling != value);
            let siblings = others.map(|sibling| self.number(*sibling, around)).collect();
            made.push(Constraint::Qualified { shape: self.number(*value, around), siblings, least, most });
        }
        Ok(made)
    }

    /// The qualified value shapes of all property shapes beside this one (section 4.7.3).
    fn siblings(&self, node: Node) -> BTreeSet<Node> {
        let property = format!("{NAMESPACE}property");
        let parents = self.source.pairs(&property).filter(|(_, shape)| *shape == node).map(|(parent, _)| parent);
        let beside = parents.flat_map(|parent| self.source.values(parent, &property));
        beside.flat_map(|shape| self.source.values(shape, &format!("{NAMESPACE}qualifiedValueShape"))).collect()
    }
}

fn one(values: &[Node], name: &'static str) -> Result<Node, IllFormed> {
    match *values {
        [value] => Ok(value),
        _ => Err(IllFormed(name)),
    }
}
