/* Classifies a handwritten digit in C on a Cortex-M4F: tests the model, runs it on a seven, and tells the host over
 * semihosting which digit it takes it for. The exit code is 1 if that is wrong, or if the self-test fails. */
#include "digits.h"

/* How dark each pixel is, from 0 to 16. */
static const uint8_t SEVEN[DIGITS_IMAGE_LEN] = {
     0,  0,  1, 14, 16, 16, 15,  1,
     0,  0, 11, 14,  8, 13, 11,  0,
     0,  0, 15,  6,  0, 14,  3,  0,
     0,  0,  5,  1,  5, 13,  1,  0,
     0,  0,  0, 13, 16, 16,  9,  0,
     0,  0,  2, 16, 15,  9,  1,  0,
     0,  0,  0, 11,  9,  0,  0,  0,
     0,  0,  3, 16,  2,  0,  0,  0,
};

static digits_model model;

/* Asks the host of the emulator for something. */
static int ask(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void say(const char *text) {
    ask(0x04, text);
}

static void leave(int code) {
    const uint32_t block[2] = {0x20026, (uint32_t)code};
    ask(0x20, block);
    for (;;) {
    }
}

/* As the model takes a pixel: the integer that stands for its darkness from 0 to 1. */
static int8_t quantised(uint8_t darkness) {
    int32_t integer = (int32_t)((float)darkness / 16.0f / DIGITS_IMAGE_SCALE + 0.5f) + DIGITS_IMAGE_ZERO_POINT;
    return (int8_t)(integer > 127 ? 127 : integer);
}

static int classify(void) {
    static int8_t image[DIGITS_IMAGE_LEN];
    int8_t scores[DIGITS_SCORES_LEN];
    int best = 0;
    for (int i = 0; i < DIGITS_IMAGE_LEN; i++) {
        image[i] = quantised(SEVEN[i]);
    }
    if (digits_run(&model, image, scores) != DIGITS_OK) {
        return -1;
    }
    for (int i = 1; i < DIGITS_SCORES_LEN; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

int main(void) {
    uint32_t output = 0, index = 0;
    if (digits_init(&model) != DIGITS_OK || digits_self_test(&model, &output, &index) != DIGITS_OK) {
        say("the self-test fails\n");
        return 1;
    }
    say("the self-test passes\n");
    char text[] = "in C, the seven is a 0\n";
    int digit = classify();
    text[sizeof text - 3] = (char)('0' + digit);
    say(text);
    return digit != 7;
}

extern uint32_t _stack_top, _data, _data_end, _data_load, _bss, _bss_end;

/* Where the processor starts: initialises memory, and switches the floating-point unit on. */
void reset(void) {
    const uint32_t *load = &_data_load;
    for (uint32_t *to = &_data; to < &_data_end; to++) {
        *to = *load++;
    }
    for (uint32_t *to = &_bss; to < &_bss_end; to++) {
        *to = 0;
    }
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm__ volatile("dsb\n\tisb");
    leave(main());
}

static void fault(void) {
    leave(2);
}

__attribute__((section(".vectors"), used)) static void *const VECTORS[16] = {
    &_stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
