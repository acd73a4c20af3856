use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::cast;
use crate::ir::primitives::RoiAlign;
use crate::ir::{DType, OpError, op_error};

/// Means or maxima over the cells of regions of images. Opset 16 added `coordinate_transformation_mode`.
pub(super) const ROI_ALIGN: OperatorDef = OperatorDef {
    name: "RoiAlign",
    domain: Domain::Onnx,
    versions: &[10, 16, 22],
    limits: "",
    read: |cx| {
        let max = cx.attributes.choice("mode", &[("avg", false), ("max", true)])?;
        let modes = [("half_pixel", true), ("output_half_pixel", false)];
        let half_pixel = cx.opset() >= 16 && cx.attributes.choice("coordinate_transformation_mode", &modes)?;
        let align = RoiAlign {
            cells: [size(cx, "output_height", 1)?, size(cx, "output_width", 1)?],
            sampling_ratio: size(cx, "sampling_ratio", 0)?,
            spatial_scale: cx.attributes.float("spatial_scale", 1.0)?,
            half_pixel,
            max,
        };
        let dtype = cx.ty(0)?.dtype;
        let operands = [cx.input(0)?, cx.input(1)?, cx.input(2)?];
        let [x, rois, images] = operands;
        if dtype == DType::F64 || !dtype.is_float() || cx.ty(1)?.dtype != dtype {
            return cx.add(align, &operands).map(|y| vec![y]);
        }
        let operands = [cast(cx, x, DType::F32)?, cast(cx, rois, DType::F32)?, images];
        let y = cx.add(align, &operands)?;
        cast(cx, y, dtype).map(|y| vec![y])
    },
};

/// An attribute that is not negative, and by default `least`.
fn size(cx: &mut NodeContext<'_>, name: &'static str, least: i64) -> Result<usize, OpError> {
    let value = cx.attributes.int(name, least)?;
    let fits = (least..1 << 16).contains(&value);
    fits.then_some(value as usize)
        .ok_or_else(|| op_error(format!("attribute `{name}` is {value}")))
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run, text};
    use crate::ir::Tensor;

    #[test]
    fn the_half_pixel_came_with_opset_16() {
        let x = || Given(Tensor::f32(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0]));
        let rois = || Given(Tensor::f32(&[2, 4], &[0.0, 0.0, 1.0, 1.0, 5.0, 5.0, 6.0, 6.0]));
        let images = || Given(Tensor::i64(&[2], &[0, 0]));
        let align = |opset, mode| {
            let attributes = [int("sampling_ratio", 1), text("mode", mode)];
            run(opset, "RoiAlign", &attributes, &[x(), rois(), images()], 1)
        };
        let y = |first| Ok(vec![Tensor::f32(&[2, 1, 1, 1], &[first, 0.0])]);
        assert_eq!(align(10, "avg"), y(2.5));
        assert_eq!(align(16, "avg"), y(1.0));
        assert_eq!(align(10, "max"), y(1.0), "the greatest of the weighted neighbours");
        assert!(align(10, "sum").is_err());
        let none = run(10, "RoiAlign", &[int("output_width", 0)], &[x(), rois(), images()], 1);
        assert!(none.is_err_and(|e| e.contains("output_width")));
    }
}
