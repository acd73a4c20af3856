use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::front::shared::window;
use crate::ir::DType;
use crate::ir::primitives::{Layout, MaxPoolIndices, Pool, PoolKind};

/// The greatest element of each window, and its index.
pub(super) const MAX_POOL: OperatorDef = OperatorDef {
    name: "MaxPool",
    domain: Domain::Onnx,
    versions: &[1, 8, 10, 11, 12, 22],
    limits: "",
    read: |cx| {
        let kernel = window::kernel_shape(cx)?;
        let ty = cx.ty(0)?;
        let spatial = window::spatial(&ty, &kernel)?;
        let (window, auto) = window::read(cx, kernel, spatial)?;
        let column_major = cx.attributes.flag("storage_order", false)?;
        let ceil_mode = cx.attributes.flag("ceil_mode", false)? && !auto.is_same();
        let x = cx.input(0)?;
        if cx.wants_output(1) {
            let pool = MaxPoolIndices {
                window,
                ceil_mode,
                column_major,
            };
            let half = matches!(ty.dtype, DType::F16 | DType::Bf16);
            let x = cast(cx, x, if half { DType::F32 } else { ty.dtype })?;
            let results = cx.add_all(pool, &[x])?;
            return Ok(vec![cast(cx, results[0], ty.dtype)?, results[1]]);
        }
        let pool = Pool {
            kind: PoolKind::Max,
            window,
            ceil_mode,
            layout: Layout::ChannelsFirst,
        };
        Ok(vec![window::add_pool(cx, pool, x)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, ints, run, text};
    use crate::ir::{DType, Tensor};

    fn x() -> crate::front::testing::Operand {
        Given(Tensor::f32(&[1, 1, 4], &[1.0, 3.0, 2.0, 4.0]))
    }

    #[test]
    fn a_last_window_may_stick_out() {
        let window = |ceil| {
            [
                ints("kernel_shape", &[3]),
                ints("strides", &[2]),
                int("ceil_mode", ceil),
            ]
        };
        assert_eq!(
            run(10, "MaxPool", &window(0), &[x()], 1),
            Ok(vec![Tensor::f32(&[1, 1, 1], &[3.0])])
        );
        assert_eq!(
            run(10, "MaxPool", &window(1), &[x()], 1),
            Ok(vec![Tensor::f32(&[1, 1, 2], &[3.0, 4.0])])
        );
    }

    #[test]
    fn the_same_extent() {
        let window = |auto| [ints("kernel_shape", &[2]), text("auto_pad", auto)];
        let upper = run(12, "MaxPool", &window("SAME_UPPER"), &[x()], 1);
        assert_eq!(upper, Ok(vec![Tensor::f32(&[1, 1, 4], &[3.0, 3.0, 4.0, 4.0])]));
        let lower = run(12, "MaxPool", &window("SAME_LOWER"), &[x()], 1);
        assert_eq!(lower, Ok(vec![Tensor::f32(&[1, 1, 4], &[1.0, 3.0, 3.0, 4.0])]));
        assert!(run(12, "MaxPool", &window("SAME"), &[x()], 1).is_err_and(|e| e.contains("SAME_UPPER")));
    }

    #[test]
    fn indices_count_along_either_axis() {
        let x = || Given(Tensor::f32(&[1, 2, 2, 2], &[1.0, 2.0, 2.0, 0.0, 0.0, 0.0, 3.0, 1.0]));
        let window = |order| [ints("kernel_shape", &[2, 2]), int("storage_order", order)];
        let greatest = Tensor::f32(&[1, 2, 1, 1], &[2.0, 3.0]);
        let rows = run(8, "MaxPool", &window(0), &[x()], 2);
        assert_eq!(rows, Ok(vec![greatest.clone(), Tensor::i64(&[1, 2, 1, 1], &[1, 6])]));
        let columns = run(22, "MaxPool", &window(1), &[x()], 2);
        assert_eq!(columns, Ok(vec![greatest, Tensor::i64(&[1, 2, 1, 1], &[2, 5])]));
        let half = Given(Tensor::new(DType::F16, vec![1, 1, 1], vec![0, 0x3c]));
        let y = run(22, "MaxPool", &[ints("kernel_shape", &[1])], &[half], 2);
        let one = Tensor::new(DType::F16, vec![1, 1, 1], vec![0, 0x3c]);
        assert_eq!(y, Ok(vec![one, Tensor::i64(&[1, 1, 1], &[0])]));
    }

    #[test]
    fn what_is_refused() {
        let window = ints("kernel_shape", &[2]);
        assert!(run(12, "MaxPool", &[], &[x()], 1).is_err_and(|e| e.contains("kernel_shape")));
        let negative = [window.clone(), ints("pads", &[-1, 0])];
        assert!(run(12, "MaxPool", &negative, &[x()], 1).is_err_and(|e| e.contains("pads")));
        assert!(run(12, "MaxPool", &[window, ints("strides", &[0])], &[x()], 1).is_err_and(|e| e.contains("strides")));
    }

    #[test]
    fn three_spatial_axes() {
        let x = Given(Tensor::f32(&[1, 1, 2, 2, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 7.0]));
        let window = [ints("kernel_shape", &[2, 1, 2])];
        assert_eq!(
            run(12, "MaxPool", &window, &[x], 1),
            Ok(vec![Tensor::f32(&[1, 1, 1, 2, 1], &[6.0, 8.0])])
        );
    }
}
