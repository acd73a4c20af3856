//! Names that would hide something of the C library.

use edgec::Error;

/// Headers of C, C++ and POSIX: with `-I include` a package's would be found in their place.
const HEADERS: &[&str] = &[
    "aio",
    "assert",
    "complex",
    "ctype",
    "dirent",
    "dlfcn",
    "errno",
    "fcntl",
    "features",
    "fenv",
    "float",
    "glob",
    "grp",
    "iconv",
    "inttypes",
    "iso646",
    "libgen",
    "limits",
    "locale",
    "malloc",
    "math",
    "memory",
    "monetary",
    "netdb",
    "poll",
    "pthread",
    "pwd",
    "regex",
    "sched",
    "search",
    "semaphore",
    "setjmp",
    "signal",
    "spawn",
    "stdalign",
    "stdarg",
    "stdatomic",
    "stdbit",
    "stdbool",
    "stdckdint",
    "stddef",
    "stdint",
    "stdio",
    "stdlib",
    "stdnoreturn",
    "string",
    "strings",
    "syslog",
    "termios",
    "tgmath",
    "threads",
    "time",
    "uchar",
    "unistd",
    "utime",
    "wchar",
    "wctype",
];

/// What names of the C library begin with where others of a package would be the same: `X_OK`, `sem_init`.
const PREFIXES: &[&str] = &["f", "r", "w", "x", "sem"];

/// An error if functions or header of a model with this name would take the place of others.
pub(super) fn refuse(prefix: &str) -> Result<(), Error> {
    let what = match (HEADERS.contains(&prefix), PREFIXES.contains(&prefix)) {
        (true, _) => format!("the header {prefix}.h"),
        (_, true) => format!("names that begin with {prefix}_"),
        _ => return Ok(()),
    };
    Err(Error::Usage {
        message: format!("{what} would take the place of the C library's"),
        help: Some(format!("give the model another name, such as --name my_{prefix}")),
    })
}
