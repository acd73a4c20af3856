//! The `edgec` command.
#![forbid(unsafe_code)]

fn main() -> miette::Result<()> {
    let mut args = std::env::args().skip(1);
    let (model, output) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let summary = edgec::Compiler::new(model).emit_to(std::path::Path::new(&output))?;
    eprint!("{summary}");
    Ok(())
}
