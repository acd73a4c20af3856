//! `Graph` -> `Graph`. The list is the pipeline; each entry says what it needs from those above it.

use crate::Error;
use crate::ir::{Graph, OpError, verify};

/// One rewrite of the graph.
#[derive(Clone, Copy)]
pub struct Pass {
    /// Name, as `--print-after` takes it.
    pub name: &'static str,
    /// Rewrites the graph.
    pub run: fn(&mut Graph) -> Result<(), OpError>,
}

/// The pipeline.
pub const PIPELINE: &[Pass] = &[];

/// What lowering cannot do without: puts operators into the forms that kernels exist for.
pub const REQUIRED: &[Pass] = &[];

/// Runs passes in order and verifies the graph after each; `after` sees it then.
pub fn run(graph: &mut Graph, passes: &[Pass], after: &mut dyn FnMut(&Pass, &Graph)) -> Result<(), Error> {
    for pass in passes {
        let broken = |e: OpError| Error::Pass { pass: pass.name, message: e.message };
        (pass.run)(graph).map_err(broken)?;
        verify(graph).map_err(broken)?;
        after(pass, graph);
    }
    Ok(())
}
