// Runs the model @name@ on made-up inputs and prints what it gives. Written by edgec @version@, as a beginning. C++11;
// neither exceptions nor memory from the heap.
#include "@name@.h"
#include <cstddef>
#include <cstdio>

namespace {

// The model's working memory is in it: best a static.
@name@_model model;
@arrays@

template <typename T, std::size_t N>
void print(const char *name, const T (&values)[N]) {
    std::printf("%s:", name);
    for (const T &value : values) {
        std::printf(" %.9g", static_cast<double>(value));
    }
    std::printf("\n");
}

} // namespace

int main() {
    int32_t status = @name@_init(&model);
@self_test@    if (status != @NAME@_OK) {
        std::printf("the model is not ready: %ld\n", static_cast<long>(status));
        return 1;
    }
    // In their place, yours.
@fill@    status = @name@_run(&model, @arguments@);
    if (status != @NAME@_OK) {
        std::printf("the model has not run: %ld\n", static_cast<long>(status));
        return 1;
    }
@print@    return 0;
}
