use crate::front::load;
use crate::front::proto::attribute_proto::AttributeType;
use crate::front::proto::{AttributeProto, GraphProto, NodeProto};
use crate::ir::{OpError, Tensor, op_error};
use std::collections::BTreeSet;
use std::path::Path;

/// A node's attributes; remembers which were looked at, so that none is ignored in silence.
pub struct Attributes<'a> {
    node: &'a NodeProto,
    base: Option<&'a Path>,
    seen: BTreeSet<&'static str>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(node: &'a NodeProto, base: Option<&'a Path>) -> Self {
        Self {
            node,
            base,
            seen: BTreeSet::new(),
        }
    }

    fn find(&mut self, name: &'static str, expected: AttributeType) -> Result<Option<&'a AttributeProto>, OpError> {
        self.seen.insert(name);
        let Some(attribute) = self.node.attribute.iter().find(|a| a.name() == name) else {
            return Ok(None);
        };
        // Old exporters leave the type out.
        let ty = attribute.r#type();
        if ty != expected && ty != AttributeType::Undefined {
            return Err(op_error(format!(
                "attribute `{name}` is {}, it must be {}",
                ty.as_str_name(),
                expected.as_str_name()
            )));
        }
        Ok(Some(attribute))
    }

    /// Whether the attribute is given.
    pub fn has(&self, name: &str) -> bool {
        self.node.attribute.iter().any(|a| a.name() == name)
    }

    /// An integer.
    pub fn int(&mut self, name: &'static str, default: i64) -> Result<i64, OpError> {
        Ok(self.find(name, AttributeType::Int)?.map_or(default, AttributeProto::i))
    }

    /// An integer without default.
    pub fn required_int(&mut self, name: &'static str) -> Result<i64, OpError> {
        let found = self.find(name, AttributeType::Int)?;
        found
            .map(AttributeProto::i)
            .ok_or_else(|| op_error(format!("attribute `{name}` is missing")))
    }

    /// An integer that is zero or one.
    pub fn flag(&mut self, name: &'static str, default: bool) -> Result<bool, OpError> {
        match self.int(name, default.into())? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(op_error(format!("attribute `{name}` is {other}, it must be 0 or 1"))),
        }
    }

    /// A float.
    pub fn float(&mut self, name: &'static str, default: f32) -> Result<f32, OpError> {
        Ok(self
            .find(name, AttributeType::Float)?
            .map_or(default, AttributeProto::f))
    }

    /// Integers, if given.
    pub fn ints(&mut self, name: &'static str) -> Result<Option<Vec<i64>>, OpError> {
        Ok(self.find(name, AttributeType::Ints)?.map(|a| a.ints.clone()))
    }

    /// Floats, if given.
    pub fn floats(&mut self, name: &'static str) -> Result<Option<Vec<f32>>, OpError> {
        Ok(self.find(name, AttributeType::Floats)?.map(|a| a.floats.clone()))
    }

    /// A string.
    pub fn string(&mut self, name: &'static str, default: &str) -> Result<String, OpError> {
        match self.find(name, AttributeType::String)? {
            None => Ok(default.to_owned()),
            Some(a) => String::from_utf8(a.s().to_vec())
                .map_err(|_| op_error(format!("attribute `{name}` is not a UTF-8 string"))),
        }
    }

    /// One of `choices`, the first of which is the default.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Result<T, OpError> {
        let text = self.string(name, choices[0].0)?;
        choices
            .iter()
            .find(|(key, _)| *key == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let known: Vec<_> = choices.iter().map(|(key, _)| format!("`{key}`")).collect();
                op_error(format!("attribute `{name}` is `{}`", text.escape_debug()))
                    .help(format!("supported: {}", known.join(", ")))
            })
    }

    /// A tensor, if given.
    pub fn tensor(&mut self, name: &'static str) -> Result<Option<Tensor>, OpError> {
        let Some(attribute) = self.find(name, AttributeType::Tensor)? else {
            return Ok(None);
        };
        let proto = attribute
            .t
            .as_ref()
            .ok_or_else(|| op_error(format!("attribute `{name}` holds no tensor")))?;
        load::tensor(proto, self.base)
            .map(Some)
            .map_err(|e| op_error(e.to_string()))
    }

    /// Texts, if given.
    pub fn strings(&mut self, name: &'static str) -> Result<Option<Vec<String>>, OpError> {
        let Some(attribute) = self.find(name, AttributeType::Strings)? else {
            return Ok(None);
        };
        let texts = attribute.strings.iter().map(|text| String::from_utf8(text.clone()));
        texts
            .collect::<Result<_, _>>()
            .map(Some)
            .map_err(|_| op_error(format!("attribute `{name}` holds a string that is not UTF-8")))
    }

    /// A sub-graph.
    pub fn graph(&mut self, name: &'static str) -> Result<&'a GraphProto, OpError> {
        let found = self.find(name, AttributeType::Graph)?;
        found
            .and_then(|attribute| attribute.g.as_ref())
            .ok_or_else(|| op_error(format!("attribute `{name}` is missing")))
    }

    /// Accepts an attribute that does not change what is computed.
    pub fn ignore(&mut self, name: &'static str) {
        self.seen.insert(name);
    }

    /// An error if an attribute was given that the operator did not look at.
    pub(super) fn finish(&self) -> Result<(), OpError> {
        let unread: Vec<_> = self
            .node
            .attribute
            .iter()
            .filter(|a| !self.seen.contains(a.name()))
            .map(|a| format!("`{}`", a.name().escape_debug()))
            .collect();
        if unread.is_empty() {
            return Ok(());
        }
        Err(op_error(format!("unsupported attribute {}", unread.join(", "))))
    }
}
