use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::normalization::{cast, in_f32};
use crate::ir::primitives::{BinaryOp, MatMul, ScaledGemm};
use crate::ir::{DType, OpError, Tensor, op_error};

/// The product of floats and a matrix of integers of 2, 4 or 8 bits in blocks along the sums, each with a scale and a
/// zero point; plus an optional bias.
pub(super) const MAT_MUL_N_BITS: OperatorDef = OperatorDef {
    name: "MatMulNBits",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "weights, scales, zero points and `g_idx` must be known at compile time",
    read: |cx| {
        let ty = cx.ty(0)?;
        cx.attributes.ignore("accuracy_level");
        cx.attributes.ignore("weight_prepacked");
        let blocks = Blocks::read(cx)?;
        let stored = blocks.stored(cx)?;
        let x = in_f32(cx, 0)?;
        let mut y = match blocks.small(cx, &stored) {
            Some([integers, scales]) => {
                let operands = [x, cx.add_constant(integers), cx.add_constant(scales)];
                let block = blocks.size;
                cx.add(ScaledGemm { block }, &operands)?
            }
            None => {
                let weights = cx.add_constant(blocks.numbers(&stored));
                cx.add(MatMul, &[x, weights])?
            }
        };
        if cx.has(5) {
            let bias = in_f32(cx, 5)?;
            y = binary(cx, BinaryOp::Add, y, bias)?;
        }
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

/// How the weights are stored: rows of blocks, one row per column of the product.
struct Blocks {
    /// Length of a sum.
    k: usize,
    /// Columns of the product.
    n: usize,
    bits: usize,
    /// Elements of a block.
    size: usize,
    /// Blocks of a row.
    count: usize,
}

/// The weights as the model has them.
struct Stored {
    packed: Tensor,
    /// Bytes of a row.
    row: usize,
    /// Scale of each block.
    scales: Vec<f32>,
    /// Zero point of each block.
    zeros: Vec<f32>,
    /// The block of each place of a row.
    groups: Vec<usize>,
}

impl Blocks {
    fn read(cx: &mut NodeContext<'_>) -> Result<Self, OpError> {
        let mut number = |name| {
            let value = cx.attributes.required_int(name)?;
            let value = usize::try_from(value)
                .ok()
                .filter(|value| *value > 0 && *value <= 1 << 24);
            value.ok_or_else(|| op_error(format!("attribute `{name}` must be a number above zero")))
        };
        let (k, n, size) = (number("K")?, number("N")?, number("block_size")?);
        let bits = cx.attributes.int("bits", 4)?;
        if ![2, 4, 8].contains(&bits) || !size.is_power_of_two() || size < 16 {
            return Err(op_error(format!("weights of {bits} bits in blocks of {size}"))
                .help("supported: 2, 4 or 8 bits, blocks of 16, 32, 64 .."));
        }
        let bits = bits as usize;
        Ok(Self {
            k,
            n,
            bits,
            size,
            count: k.div_ceil(size),
        })
    }

    /// The constant of input `index`, if it has `len` elements of one of these types.
    fn known(
        &self,
        cx: &NodeContext<'_>,
        index: usize,
        name: &str,
        len: usize,
        dtypes: &[DType],
    ) -> Result<Tensor, OpError> {
        let value = cx.known(index, name)?;
        if value.len() == len && dtypes.contains(&value.dtype) {
            return Ok(value.clone());
        }
        let names: Vec<_> = dtypes.iter().map(DType::to_string).collect();
        Err(op_error(format!(
            "input `{name}` is {}, it must have {len} elements of {}",
            value.ty(),
            names.join(" or ")
        )))
    }

    /// All that is stored.
    fn stored(&self, cx: &NodeContext<'_>) -> Result<Stored, OpError> {
        let floats = [DType::F32, DType::F16, DType::Bf16];
        let row = self.count * self.size * self.bits / 8;
        let packed = self.known(cx, 1, "B", self.n * row, &[DType::U8])?;
        let blocks = self.n * self.count;
        let scales = self.known(cx, 2, "scales", blocks, &floats)?.to_f64();
        Ok(Stored {
            packed,
            row,
            scales: scales.iter().map(|scale| *scale as f32).collect(),
            zeros: self.zeros(cx, blocks)?,
            groups: self.groups(cx)?,
        })
    }

    /// The integers `[K, N]` without their zero points and the scales of blocks, if these are in order and the integers
    /// fit.
    fn small(&self, cx: &NodeContext<'_>, stored: &Stored) -> Option<[Tensor; 2]> {
        if cx.has(4) {
            return None;
        }
        let mut integers = vec![0; self.k * self.n];
        let mut scales = vec![0.0; self.count * self.n];
        for column in 0..self.n {
            for place in 0..self.k {
                let zero = stored.zeros[column * self.count + place / self.size];
                let integer = f32::from(self.element(&stored.packed.bytes, column * stored.row, place)) - zero;
                let fits = integer.fract() == 0.0 && (-128.0..=127.0).contains(&integer);
                integers[place * self.n + column] = if fits { integer as i8 as u8 } else { return None };
            }
            for block in 0..self.count {
                scales[block * self.n + column] = stored.scales[column * self.count + block];
            }
        }
        let integers = Tensor::new(DType::I8, vec![self.k, self.n], integers);
        Some([integers, Tensor::f32(&[self.count, self.n], &scales)])
    }

    /// The matrix `[K, N]` that the integers stand for.
    fn numbers(&self, stored: &Stored) -> Tensor {
        let mut numbers = vec![0.0f32; self.k * self.n];
        for column in 0..self.n {
            for (place, group) in stored.groups.iter().enumerate() {
                let block = column * self.count + group;
                let integer = self.element(&stored.packed.bytes, column * stored.row, place);
                numbers[place * self.n + column] = (f32::from(integer) - stored.zeros[block]) * stored.scales[block];
            }
        }
        Tensor::f32(&[self.k, self.n], &numbers)
    }

    /// Element `place` of a row of packed integers, the first ones in the lowest bits, that begins at byte `start`.
    fn element(&self, bytes: &[u8], start: usize, place: usize) -> u8 {
        let each = 8 / self.bits;
        let shift = place % each * self.bits;
        let mask = u8::MAX >> (8 - self.bits);
        bytes[start + place / each] >> shift & mask
    }

    /// The zero point of each block: packed integers of rows of whole bytes, floats, or half of the range.
    fn zeros(&self, cx: &NodeContext<'_>, blocks: usize) -> Result<Vec<f32>, OpError> {
        if !cx.has(3) {
            return Ok(vec![(1u16 << (self.bits - 1)).into(); blocks]);
        }
        if cx.ty(3)?.dtype != DType::U8 {
            let zeros = self.known(cx, 3, "zero_points", blocks, &[cx.ty(0)?.dtype])?;
            return Ok(zeros.to_f64().iter().map(|zero| *zero as f32).collect());
        }
        let row = (self.count * self.bits).div_ceil(8);
        let packed = self.known(cx, 3, "zero_points", self.n * row, &[DType::U8])?;
        let places = (0..self.n).flat_map(|column| (0..self.count).map(move |block| (column, block)));
        Ok(places
            .map(|(column, block)| self.element(&packed.bytes, column * row, block).into())
            .collect())
    }

    /// The block whose scale and zero point each element of a sum has.
    fn groups(&self, cx: &NodeContext<'_>) -> Result<Vec<usize>, OpError> {
        if !cx.has(4) {
            return Ok((0..self.k).map(|place| place / self.size).collect());
        }
        // It may be filled up to whole blocks.
        let given = cx.known(4, "g_idx")?;
        let groups = given.to_i64().unwrap_or_default();
        let groups: Option<Vec<usize>> = groups
            .iter()
            .take(self.k)
            .map(|group| usize::try_from(*group).ok())
            .collect();
        groups
            .filter(|groups| groups.len() == self.k && groups.iter().all(|group| *group < self.count))
            .ok_or_else(|| {
                op_error(format!(
                    "`g_idx` is {}, it must name a block for each of {} elements",
                    given.ty(),
                    self.k
                ))
            })
    }
}
