/// `for $i in 0..$count`, for a constant count of at most eight, written out: a loop with an early exit may still be a
/// loop when bounds checks are removed.
macro_rules! unrolled {
    ($i:ident in 0..$count:tt $body:block) => {
        unrolled!($i, $count, $body, 0 1 2 3 4 5 6 7)
    };
    ($i:ident, $count:tt, $body:block, $($index:literal)*) => {
        $(if $index < $count {
            let $i = $index;
            $body
        })*
    };
}
pub(crate) use unrolled;
