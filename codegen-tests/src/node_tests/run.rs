use super::prepare::{Failure, Prepared, prepare};
use super::{NodeTest, hostile, scope};
use edgec::tools::harness::{Module, Progress, Workspace};
use serde::Serialize;

/// Modules in one crate.
const TOGETHER: usize = 100;

/// What computes the results.
pub enum Backend<'a> {
    /// Emitted code, built in this workspace.
    Emitted(&'a Workspace),
    /// The host executor.
    Executor,
}

/// What came of one test.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Name of the test.
    pub name: String,
    /// The operator tested.
    pub operator: String,
    /// The opset of its domain.
    pub opset: i64,
    /// Inputs that were baked; a test with none is of tier A, others of tier B.
    pub baked: Vec<String>,
    /// What is wrong.
    pub failure: Option<String>,
    /// If the compiler refuses it: the error without names and numbers of this test.
    pub refusal: Option<String>,
    /// Why it is out of scope.
    pub out_of_scope: Option<&'static str>,
}

impl Verdict {
    /// Whether it is in scope and passes.
    pub fn passes(&self) -> bool {
        self.failure.is_none() && self.out_of_scope.is_none()
    }
}

/// Runs tests, with their declared shapes taken away unless `keep_shapes`.
///
/// # Errors
/// If emitted code cannot be built for a reason that is not in the tests.
pub fn run(mut tests: Vec<NodeTest>, keep_shapes: bool, backend: &Backend<'_>) -> Result<Vec<Verdict>, String> {
    let progress = Progress::start(format!("compiling {} tests", tests.len()));
    if !keep_shapes {
        tests.iter_mut().for_each(NodeTest::strip);
    }
    let prepared: Vec<_> = tests.iter().map(prepare).collect();
    drop(progress);
    let mut results = match backend {
        Backend::Executor => prepared.iter().map(|p| executed(p.as_ref().ok()?)).collect(),
        Backend::Emitted(workspace) => emitted(&tests, &prepared, workspace)?,
    };
    let progress = Progress::start("running them on extreme inputs");
    for ((test, prepared), result) in tests.iter().zip(&prepared).zip(&mut results) {
        if let (Ok(prepared), Some(Ok(()))) = (prepared, &result) {
            *result = Some(guarded(|| hostile::check(&test.name, prepared)));
        }
    }
    drop(progress);
    let verdicts = tests.iter().zip(prepared).zip(results);
    Ok(verdicts
        .map(|((test, prepared), result)| verdict(test, prepared, result))
        .collect())
}

fn verdict(test: &NodeTest, prepared: Result<Prepared, Failure>, result: Option<Result<(), String>>) -> Verdict {
    let mut verdict = Verdict {
        name: test.name.clone(),
        operator: test.operator.clone(),
        opset: test.opset,
        baked: vec![],
        failure: None,
        refusal: None,
        out_of_scope: None,
    };
    match prepared {
        Ok(prepared) => {
            verdict.baked = prepared.baked;
            verdict.failure = result.unwrap_or_else(|| Err("it was not run".into())).err();
        }
        Err(Failure::Fault(fault)) => verdict.failure = Some(fault),
        Err(Failure::Refused { error, kind }) => match scope::reason(&error) {
            Some(reason) => verdict.out_of_scope = Some(reason),
            None => (verdict.failure, verdict.refusal) = (Some(error), Some(kind)),
        },
    }
    verdict
}

fn executed(prepared: &Prepared) -> Option<Result<(), String>> {
    Some(guarded(|| prepared.check(&prepared.execute())))
}

fn guarded(run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let run = std::panic::AssertUnwindSafe(run);
    std::panic::catch_unwind(run).unwrap_or_else(|_| Err("the executor panicked".into()))
}

type Results = Vec<Option<Result<(), String>>>;

fn emitted(
    tests: &[NodeTest],
    prepared: &[Result<Prepared, Failure>],
    workspace: &Workspace,
) -> Result<Results, String> {
    let compiled: Vec<_> = (0..tests.len())
        .filter_map(|i| Some((i, prepared[i].as_ref().ok()?)))
        .collect();
    let module = |(i, prepared): &(usize, &Prepared)| {
        Module::new(module_name(&tests[*i].name), &prepared.compiler, &prepared.compiled)
    };
    let crates: Vec<Vec<_>> = compiled
        .chunks(TOGETHER)
        .map(|chunk| chunk.iter().map(module).collect())
        .collect();
    let progress = Progress::start(format!(
        "building {} modules in {} crates",
        compiled.len(),
        crates.len()
    ));
    let built = workspace.build(&crates).map_err(|e| e.to_string())?;
    drop(progress);
    let _progress = Progress::start("running them");
    let mut results: Results = vec![None; tests.len()];
    for ((i, prepared), runner) in compiled.into_iter().zip(built) {
        let got = runner.and_then(|runner| runner.run(&prepared.inputs()));
        results[i] = Some(got.map_err(|e| e.to_string()).and_then(|got| prepared.check(&got)));
    }
    Ok(results)
}

/// A test's name as that of a module.
fn module_name(test: &str) -> String {
    test.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_lowercase()
}
