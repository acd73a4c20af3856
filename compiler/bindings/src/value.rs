//! Kernel parameters as a tree that can be printed as a Rust expression.

use serde::ser::{self, Serialize};
use std::fmt;

/// A struct literal and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `Name` or `Name { field: value, .. }`.
    Struct(&'static str, Vec<(&'static str, Value)>),
    /// `Enum::Variant`.
    Variant(&'static str, &'static str),
    /// `[a, b, ..]`.
    Array(Vec<Value>),
    /// An integer.
    Int(i128),
    /// A single-precision float.
    F32(f32),
    /// A double-precision float.
    F64(f64),
    /// A truth value.
    Bool(bool),
}

impl Value {
    /// The field of a struct that tells which constant the fields come from that are left out: `..Type::NAME`.
    /// Parameters that serialize one give it last, as the unit variant `NAME` of `Type`.
    pub const BASE: &'static str = "..";

    /// The value of `parameters`.
    ///
    /// # Panics
    /// If they hold more than numbers, arrays, structs and unit variants: a fault of the kernel's definition.
    pub fn of(parameters: &impl Serialize) -> Self {
        parameters.serialize(ToValue).expect("kernel parameters are plain data")
    }
}

impl Value {
    /// An array of integers.
    pub fn ints<T: Copy + TryInto<i128, Error: fmt::Debug>>(values: &[T]) -> Self {
        Self::Array(
            values
                .iter()
                .map(|v| Self::Int((*v).try_into().expect("fits 128 bits")))
                .collect(),
        )
    }
}

/// What a kernel's parameters may not hold.
#[derive(Debug, thiserror::Error)]
#[error("kernel parameters hold {0}")]
struct Unsupported(String);

impl ser::Error for Unsupported {
    fn custom<T: fmt::Display>(msg: T) -> Self {
        Self(msg.to_string())
    }
}

struct ToValue;

macro_rules! ints {
    ($($method:ident: $ty:ty),*) => {$(
        fn $method(self, v: $ty) -> Result<Value, Unsupported> {
            Ok(Value::Int(v.into()))
        }
    )*};
}

macro_rules! refused {
    ($($method:ident($($arg:ty),*) -> $ret:ty),* $(,)?) => {$(
        fn $method(self, $(_: $arg),*) -> Result<$ret, Unsupported> {
            Err(Unsupported(stringify!($method).into()))
        }
    )*};
}

type Never = ser::Impossible<Value, Unsupported>;

impl ser::Serializer for ToValue {
    type Ok = Value;
    type Error = Unsupported;
    type SerializeSeq = Never;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Never;

    ints!(serialize_i8: i8, serialize_i16: i16, serialize_i64: i64);
    ints!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    /// The ends of the range are no bounds: they are named, to be told from numbers.
    fn serialize_i32(self, v: i32) -> Result<Value, Unsupported> {
        Ok(match v {
            i32::MIN => Value::Variant("i32", "MIN"),
            i32::MAX => Value::Variant("i32", "MAX"),
            _ => Value::Int(v.into()),
        })
    }

    fn serialize_bool(self, v: bool) -> Result<Value, Unsupported> {
        Ok(Value::Bool(v))
    }

    fn serialize_f32(self, v: f32) -> Result<Value, Unsupported> {
        Ok(Value::F32(v))
    }

    fn serialize_f64(self, v: f64) -> Result<Value, Unsupported> {
        Ok(Value::F64(v))
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Value, Unsupported> {
        Ok(Value::Struct(name, vec![]))
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<Value, Unsupported> {
        Ok(Value::Variant(name, variant))
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements, Unsupported> {
        Ok(Elements(Vec::with_capacity(len)))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields, Unsupported> {
        Ok(Fields(name, vec![]))
    }

    fn serialize_some<T: ?Sized>(self, _: &T) -> Result<Value, Unsupported> {
        Err(Unsupported("an option".into()))
    }

    fn serialize_newtype_struct<T: ?Sized>(self, _: &'static str, _: &T) -> Result<Value, Unsupported> {
        Err(Unsupported("a newtype".into()))
    }

    fn serialize_newtype_variant<T: ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Value, Unsupported> {
        Err(Unsupported("a newtype variant".into()))
    }

    refused! {
        serialize_char(char) -> Value,
        serialize_str(&str) -> Value,
        serialize_bytes(&[u8]) -> Value,
        serialize_none() -> Value,
        serialize_unit() -> Value,
        serialize_seq(Option<usize>) -> Never,
        serialize_tuple_struct(&'static str, usize) -> Never,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never,
        serialize_map(Option<usize>) -> Never,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never,
    }
}

struct Elements(Vec<Value>);

impl ser::SerializeTuple for Elements {
    type Ok = Value;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.0.push(value.serialize(ToValue)?);
        Ok(())
    }

    fn end(self) -> Result<Value, Unsupported> {
        Ok(Value::Array(self.0))
    }
}

struct Fields(&'static str, Vec<(&'static str, Value)>);

impl ser::SerializeStruct for Fields {
    type Ok = Value;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unsupported> {
        self.1.push((key, value.serialize(ToValue)?));
        Ok(())
    }

    fn end(self) -> Result<Value, Unsupported> {
        Ok(Value::Struct(self.0, self.1))
    }
}
