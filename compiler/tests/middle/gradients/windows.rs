//! Convolutions and pools.

use super::{add, check};
use edgec::ir::layer::Activation;
use edgec::ir::primitives::*;
use edgec::ir::{Graph, ValueId};
use runtime_core::function::Identity;

/// Kernel, strides, dilations, pads.
type Geometry = [&'static [usize]; 4];

fn window([kernel, strides, dilations, pads]: Geometry) -> Window {
    Window {
        kernel: kernel.to_vec(),
        strides: strides.to_vec(),
        dilations: dilations.to_vec(),
        pads: pads.to_vec(),
    }
}

const GEOMETRIES: [Geometry; 5] = [
    [&[3, 3], &[1, 1], &[1, 1], &[1, 1, 1, 1]],
    [&[3, 2], &[2, 2], &[1, 1], &[1, 0, 0, 1]],
    [&[2, 3], &[3, 2], &[1, 2], &[0, 2, 0, 1]],
    [&[1, 1], &[2, 1], &[1, 1], &[0, 0, 0, 0]],
    [&[2, 2], &[1, 3], &[2, 1], &[0, 0, 0, 0]],
];

fn linear() -> Activation {
    Activation::Function(Identity.into())
}

#[test]
fn convolutions() {
    for geometry in GEOMETRIES {
        for (groups, ic, oc) in [(1, 2, 3), (2, 4, 2), (3, 3, 6)] {
            let conv = move |graph: &mut Graph, x: &[ValueId]| {
                let (layout, activation) = (Layout::ChannelsFirst, linear());
                let window = window(geometry);
                add(
                    graph,
                    Conv {
                        window,
                        groups,
                        layout,
                        activation,
                    },
                    x,
                )
            };
            let w = [oc, ic / groups, geometry[0][0], geometry[0][1]];
            check(
                &format!("Conv {geometry:?} in {groups}"),
                &conv,
                &[&[2, ic, 6, 7], &w, &[oc]],
            );
        }
    }
    let along_one_axis = |graph: &mut Graph, x: &[ValueId]| {
        let (window, layout, activation) = (window([&[3], &[2], &[1], &[1, 0]]), Layout::ChannelsFirst, linear());
        add(
            graph,
            Conv {
                window,
                groups: 1,
                layout,
                activation,
            },
            x,
        )
    };
    check("Conv of sequences", &along_one_axis, &[&[2, 2, 7], &[3, 2, 3]]);
}

#[test]
fn transposed_convolutions() {
    for (geometry, output_padding) in GEOMETRIES.into_iter().zip([[0, 0], [1, 0], [2, 1], [1, 0], [0, 2]]) {
        for (groups, ic, oc) in [(1, 2, 3), (2, 4, 2)] {
            let conv = move |graph: &mut Graph, x: &[ValueId]| {
                let (layout, activation) = (Layout::ChannelsFirst, linear());
                let (window, output_padding) = (window(geometry), output_padding.to_vec());
                add(
                    graph,
                    ConvTranspose {
                        window,
                        output_padding,
                        groups,
                        layout,
                        activation,
                    },
                    x,
                )
            };
            let w = [ic, oc / groups, geometry[0][0], geometry[0][1]];
            check(
                &format!("ConvTranspose {geometry:?}"),
                &conv,
                &[&[2, ic, 3, 4], &w, &[oc]],
            );
        }
    }
}

#[test]
fn pools() {
    let average = |count_include_pad| PoolKind::Average { count_include_pad };
    for geometry in GEOMETRIES {
        for kind in [PoolKind::Max, average(true), average(false)] {
            for ceil_mode in [false, true] {
                let pool = move |graph: &mut Graph, x: &[ValueId]| {
                    let (window, layout) = (window(geometry), Layout::ChannelsFirst);
                    add(
                        graph,
                        Pool {
                            kind,
                            window,
                            ceil_mode,
                            layout,
                        },
                        x,
                    )
                };
                // Kernels know no average over windows that stick out and count their padding.
                check(&format!("{kind:?} {geometry:?} {ceil_mode}"), &pool, &[&[2, 2, 6, 7]]);
            }
        }
    }
}
