/* Classifies a handwritten digit in C on a Cortex-M4F: tests the model, runs it on a seven, and tells the host over
 * semihosting which digit it takes it for. The exit code is 1 if that is wrong, or if the self-test fails. */
#include "digits.h"
#include "start.h"

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

int program(void) {
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
