// Runs the model @name@ on made-up inputs, again and again, and prints what it gives. Written by edgec @version@, as a
// beginning.
#include <@name@.h>

static @name@_model model;
@arrays@

static bool ready = false;

void setup() {
    Serial.begin(115200);
    int32_t status = @name@_init(&model);
@self_test@    ready = status == @NAME@_OK;
}

void loop() {
    // In their place, yours.
@fill@    if (!ready || @name@_run(&model, @arguments@) != @NAME@_OK) {
        Serial.println("the model does not run");
    } else {
@print@    }
    delay(1000);
}
