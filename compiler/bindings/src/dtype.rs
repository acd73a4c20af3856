use std::fmt;

/// The element type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DType {
    /// ONNX `FLOAT`.
    F32,
    /// ONNX `DOUBLE`.
    F64,
    /// ONNX `FLOAT16`.
    F16,
    /// ONNX `BFLOAT16`.
    Bf16,
    /// ONNX `INT8`.
    I8,
    /// ONNX `INT16`.
    I16,
    /// ONNX `INT32`.
    I32,
    /// ONNX `INT64`.
    I64,
    /// ONNX `UINT8`.
    U8,
    /// ONNX `UINT16`.
    U16,
    /// ONNX `UINT32`.
    U32,
    /// ONNX `UINT64`.
    U64,
    /// ONNX `BOOL`, one byte.
    Bool,
}

impl DType {
    /// Every element type, in a fixed order.
    pub const ALL: [Self; 13] = [
        Self::F32,
        Self::F64,
        Self::F16,
        Self::Bf16,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::Bool,
    ];

    /// Bytes an element takes.
    pub const fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// The type's name in emitted code: `f32`, `bf16`, `i8`, `Bool` ..
    pub const fn rust_name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Bool => "Bool",
        }
    }

    /// Whether it is a floating-point type.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64 | Self::F16 | Self::Bf16)
    }

    /// Whether it is an integer type, signed or not.
    pub const fn is_integer(self) -> bool {
        !self.is_float() && !matches!(self, Self::Bool)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            other => other.rust_name(),
        })
    }
}
