/* Runs the model @name@ on made-up inputs and prints what it gives. Written by edgec @version@, as a beginning.
 * On a microcontroller, printf has to lead somewhere; with newlib-nano, floats take -u _printf_float. */
#include "@name@.h"
#include <stdio.h>

/* The model's working memory is in it: best a static. */
static @name@_model model;
@arrays@

int main(void) {
    int32_t status = @name@_init(&model);
@self_test@    if (status != @NAME@_OK) {
        printf("the model is not ready: %ld\n", (long)status);
        return 1;
    }
    /* In their place, yours. */
@fill@    status = @name@_run(&model, @arguments@);
    if (status != @NAME@_OK) {
        printf("the model has not run: %ld\n", (long)status);
        return 1;
    }
@print@    return 0;
}
