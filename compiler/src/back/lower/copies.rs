//! Which calls have a copy of their kernel compiled for them alone, with every size known to rustc, and which share
//! one.

use crate::ir::DType;
use crate::ir::program::{Call, Instance, Program, Value};
use crate::machine::{Favour, Machine};
use std::collections::{BTreeMap, BTreeSet};

/// What calls have in common that can share a copy: the function, and the types that it is generic over.
type Shared = (&'static str, Vec<&'static str>, Vec<usize>, Vec<DType>);

/// Decides for every call of a program. For speed, every kernel that gains from it is specialised. For small flash,
/// calls share a kernel where one copy that serves all sizes is estimated to be smaller than a copy for each of them.
pub(super) fn decide(program: &mut Program, machine: &Machine) {
    let mut copies: BTreeMap<Shared, BTreeSet<String>> = BTreeMap::new();
    // Calls with equal parameters end up with one copy: LLVM merges equal functions.
    for call in &program.calls {
        let parameters = format!("{:?}", call.kernel.params());
        copies.entry(shared(program, call)).or_default().insert(parameters);
    }
    let instances: Vec<Instance> = program
        .calls
        .iter()
        .map(|call| instance(call, copies[&shared(program, call)].len(), machine))
        .collect();
    for (call, instance) in program.calls.iter_mut().zip(instances) {
        call.instance = instance;
    }
}

fn instance(call: &Call, copies: usize, machine: &Machine) -> Instance {
    if !call.kernel.specialises() {
        return Instance::default();
    }
    let [specialised, shared] = code_bytes(call.kernel.name());
    let own = copies * specialised;
    let estimate = format!("{copies} specialised copies take about {own} B of code, a shared one {shared} B");
    match machine.favour {
        Favour::Speed => Instance {
            specialised: true,
            divided: false,
            reason: format!("speed is favoured; {estimate}"),
        },
        Favour::Flash => Instance {
            specialised: own <= shared,
            divided: false,
            reason: estimate,
        },
    }
}

fn shared(program: &Program, call: &Call) -> Shared {
    let operands = call.inputs.iter().chain(&call.outputs);
    let types = operands.map(|view| program.buffer(view.buffer).dtype).collect();
    let mut generics = vec![];
    nested(&call.kernel.params(), &mut generics);
    (call.kernel.name(), generics, call.kernel.const_generics(), types)
}

/// The types that nest in a kernel's parameters, which the kernel is generic over.
fn nested(value: &Value, types: &mut Vec<&'static str>) {
    if let Value::Struct(name, fields) = value {
        types.push(name);
        fields.iter().for_each(|(_, value)| nested(value, types));
    }
}

/// Bytes of code of a copy for one layer, on average, and of the copy that layers share: rounded from kws, vww, ic of
/// MLPerf Tiny compiled for a Cortex-M4F at opt-level 3 (`nm --print-size`). At opt-level `s` both are about half as
/// large.
fn code_bytes(kernel: &str) -> [usize; 2] {
    if kernel.contains("depthwise") {
        [4800, 11_000]
    } else if kernel.contains("gemm") {
        [2000, 5500]
    } else {
        [3200, 7000]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::back::lower::lower;
    use crate::ir::primitives::Gemm;
    use crate::ir::{Graph, Tensor, TensorType};
    use runtime_core::function::Relu;

    /// Whether the products of a chain of layers of these widths have copies of their own.
    fn specialised(widths: &[usize], machine: &Machine) -> Vec<bool> {
        let mut graph = Graph::new("chain");
        let mut value = graph.add_input("x", TensorType::new(DType::F32, [1, widths[0]]));
        for pair in widths.windows(2) {
            let weights = vec![0.5; pair[0] * pair[1]];
            let w = graph.add_constant("w", Tensor::f32(pair, &weights));
            let activation = Relu.into();
            value = graph.add_op("y", Gemm { activation }, &[value, w], &[]).unwrap();
        }
        graph.add_output("y", value);
        let program = lower(&graph, machine).unwrap();
        program.calls.iter().map(|call| call.instance.specialised).collect()
    }

    #[test]
    fn kernels_are_shared_where_that_saves_flash_that_is_asked_for() {
        let (micro, small) = (Machine::named("cortex-m4f").unwrap(), Machine::mcu());
        assert_eq!(specialised(&[3, 4, 5, 6], &micro), [true; 3]);
        assert_eq!(specialised(&[3, 4, 5, 6], &small), [false; 3]);
        assert_eq!(specialised(&[3, 4, 5], &small), [true; 2]);
        // One copy serves all layers of the same size.
        assert_eq!(specialised(&[4, 4, 4, 4, 4], &small), [true; 4]);
    }
}
