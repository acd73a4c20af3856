/// A kernel's parameters, given as a value or as a type.
///
/// A value (`T` itself, or a reference to it) shares one compiled copy of the kernel between all its calls. A
/// zero-sized type made by [`layer!`](crate::layer) holds the value in its associated constant, so the call gets a copy
/// of the kernel with every size known to the optimiser.
pub trait Param<T>: Copy {
    /// The parameters.
    fn get(self) -> T;
}

impl<T: Copy> Param<T> for T {
    #[inline(always)]
    fn get(self) -> T {
        self
    }
}

impl<T: Copy> Param<T> for &T {
    #[inline(always)]
    fn get(self) -> T {
        *self
    }
}

/// Declares a zero-sized type that stands for one value of a kernel's parameters.
///
/// ```
/// use runtime_core::{Param, layer};
/// layer!(pub Pair: [usize; 2] = [3, 4]);
/// assert_eq!(Param::<[usize; 2]>::get(Pair), [3, 4]);
/// ```
#[macro_export]
macro_rules! layer {
    ($(#[$meta:meta])* $vis:vis $name:ident: $ty:ty = $value:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        $vis struct $name;

        impl $crate::Param<$ty> for $name {
            #[inline(always)]
            fn get(self) -> $ty {
                const { $value }
            }
        }
    };
}
