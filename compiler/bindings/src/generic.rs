use crate::DType;

/// A kernel that computes with elements of one type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typed<K> {
    /// Parameters.
    pub kernel: K,
    /// Element type of its operands.
    pub dtype: DType,
}

/// A kernel that only moves elements: one copy for each element size serves the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sized<K> {
    /// Parameters.
    pub kernel: K,
    /// Bytes of an element.
    pub size: usize,
}

/// Runs `$body` with `$T` as the unsigned integer of `$size` bytes.
macro_rules! by_size {
    ($size:expr, $T:ident => $body:expr) => {
        match $size {
            1 => {
                type $T = u8;
                $body
            }
            2 => {
                type $T = u16;
                $body
            }
            4 => {
                type $T = u32;
                $body
            }
            _ => {
                type $T = u64;
                $body
            }
        }
    };
}

/// Runs `$body` with `$T` as the Rust type of one of the listed element types; others do nothing, since inference
/// refuses them.
macro_rules! by_dtype {
    ($dtype:expr, $T:ident => $body:expr, [$($variant:ident $ty:ty),*]) => {
        match $dtype {
            $($crate::DType::$variant => {
                type $T = $ty;
                $body
            })*
            #[allow(unreachable_patterns)]
            _ => {}
        }
    };
}
pub(crate) use {by_dtype, by_size};
