use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::ir::primitives::{GridMode, GridPadding, GridSample};
use crate::ir::{DType, op_error};

/// Elements of images at given locations. Opset 20 renamed the modes and added volumes.
pub(super) const GRID_SAMPLE: OperatorDef = OperatorDef {
    name: "GridSample",
    domain: Domain::Onnx,
    versions: &[16, 20, 22],
    limits: "one to three spatial dimensions; integers of up to 32 bits and booleans with mode nearest only, no others",
    read: |cx| {
        let names = if cx.opset() < 20 {
            ["bilinear", "nearest", "bicubic"]
        } else {
            ["linear", "nearest", "cubic"]
        };
        let modes = [GridMode::Linear, GridMode::Nearest, GridMode::Cubic];
        let mode = cx
            .attributes
            .choice("mode", &std::array::from_fn::<_, 3, _>(|i| (names[i], modes[i])))?;
        let paddings = [
            ("zeros", GridPadding::Zeros),
            ("border", GridPadding::Border),
            ("reflection", GridPadding::Reflection),
        ];
        let padding = cx.attributes.choice("padding_mode", &paddings)?;
        let align_corners = cx.attributes.flag("align_corners", false)?;
        let dtype = cx.ty(0)?.dtype;
        let is_exact = mode == GridMode::Nearest && !matches!(dtype, DType::I64 | DType::U64);
        if !cx.ty(1)?.dtype.is_float() || !dtype.is_float() && !is_exact {
            return Err(
                op_error(format!("images of {dtype} and locations of {}", cx.ty(1)?.dtype)).help(
                    "supported: images and locations of floats; with mode nearest images of integers of up to 32 bits",
                ),
            );
        }
        let computed = match dtype {
            DType::F32 | DType::F16 | DType::Bf16 => DType::F32,
            _ => DType::F64,
        };
        let (x, grid) = (cx.input(0)?, cx.input(1)?);
        let (x, grid) = (cast(cx, x, computed)?, cast(cx, grid, computed)?);
        let sample = GridSample {
            mode,
            padding,
            align_corners,
        };
        let y = cx.add(sample, &[x, grid])?;
        cast(cx, y, dtype).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run, text};
    use crate::ir::{DType, Tensor};

    #[test]
    fn one_dimension() {
        let x = || Given(Tensor::f32(&[1, 1, 4], &[1.0, 2.0, 3.0, 4.0]));
        let grid = || Given(Tensor::f32(&[1, 3, 1], &[-1.0, 0.0, 2.0]));
        let sample = |mode, padding| {
            let attributes = [
                text("mode", mode),
                text("padding_mode", padding),
                int("align_corners", 1),
            ];
            run(20, "GridSample", &attributes, &[x(), grid()], 1)
        };
        let y = |values: [f32; 3]| Ok(vec![Tensor::f32(&[1, 1, 3], &values)]);
        assert_eq!(sample("linear", "zeros"), y([1.0, 2.5, 0.0]));
        assert_eq!(sample("linear", "border"), y([1.0, 2.5, 4.0]));
        assert_eq!(sample("linear", "reflection"), y([1.0, 2.5, 2.5]));
        assert_eq!(sample("nearest", "border"), y([1.0, 3.0, 4.0]));
        assert_eq!(sample("cubic", "reflection"), y([1.0, 2.5, 2.5]));
        assert!(sample("bilinear", "zeros").is_err_and(|e| e.contains("`linear`")));
    }

    #[test]
    fn integers_and_wrong_shapes() {
        let bytes = |shape: &[usize]| Given(Tensor::new(DType::U8, shape.to_vec(), vec![7; shape.iter().product()]));
        let grid = || Given(Tensor::f32(&[1, 1, 1, 2], &[0.0, 0.0]));
        let nearest = [text("mode", "nearest")];
        let one = run(16, "GridSample", &nearest, &[bytes(&[1, 1, 1, 1]), grid()], 1);
        assert_eq!(one, Ok(vec![Tensor::new(DType::U8, vec![1, 1, 1, 1], vec![7])]));
        assert!(run(16, "GridSample", &[], &[bytes(&[1, 1, 1, 1]), grid()], 1).is_err_and(|e| e.contains("nearest")));
        for shape in [&[2, 1, 1, 1][..], &[1, 1, 1], &[1, 1, 0, 1], &[1]] {
            assert!(
                run(16, "GridSample", &nearest, &[bytes(shape), grid()], 1).is_err(),
                "{shape:?}"
            );
        }
    }
}
