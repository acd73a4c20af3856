// Two models in one program in C++ on a Cortex-M4F: the digits in floats and in integers, each a package of its own
// that `edgec package` has made. Both are tested, run on a seven, and must agree. Neither exceptions nor a heap.
#include "digits.h"
#include "digits_int8.h"
#include "start.h"

namespace {

// How dark each pixel is, from 0 to 16.
const uint8_t SEVEN[DIGITS_IMAGE_LEN] = {
    0, 0, 1, 14, 16, 16, 15, 1, 0, 0, 11, 14, 8, 13, 11, 0, 0, 0, 15, 6,  0, 14, 3, 0, 0, 0, 5, 1, 5, 13, 1, 0,
    0, 0, 0, 13, 16, 16, 9,  0, 0, 0, 2,  16, 15, 9, 1,  0, 0, 0, 0,  11, 9, 0,  0, 0, 0, 0, 3, 16, 2, 0, 0, 0,
};

digits_model in_floats;
digits_int8_model in_integers;

// The place of the largest score, from 0.
template <int N, typename T>
int best(const T (&scores)[N]) {
    int place = 0;
    for (int i = 1; i < N; i++) {
        place = scores[i] > scores[place] ? i : place;
    }
    return place;
}

// The digit that the model in floats takes the image for; negative if it does not run.
int classify_in_floats() {
    static float image[DIGITS_IMAGE_LEN];
    static float scores[DIGITS_SCORES_LEN];
    for (int i = 0; i < DIGITS_IMAGE_LEN; i++) {
        image[i] = static_cast<float>(SEVEN[i]) / 16;
    }
    return digits_run(&in_floats, image, scores) == DIGITS_OK ? best(scores) : -1;
}

// The same in integers: a pixel is the integer that stands for its darkness.
int classify_in_integers() {
    static int8_t image[DIGITS_INT8_IMAGE_LEN];
    static int8_t scores[DIGITS_INT8_SCORES_LEN];
    for (int i = 0; i < DIGITS_INT8_IMAGE_LEN; i++) {
        const float steps = static_cast<float>(SEVEN[i]) / 16 / DIGITS_INT8_IMAGE_SCALE + 0.5F;
        const int32_t integer = static_cast<int32_t>(steps) + DIGITS_INT8_IMAGE_ZERO_POINT;
        image[i] = static_cast<int8_t>(integer > 127 ? 127 : integer);
    }
    return digits_int8_run(&in_integers, image, scores) == DIGITS_INT8_OK ? best(scores) : -1;
}

} // namespace

int program() {
    const bool made = digits_init(&in_floats) == DIGITS_OK && digits_int8_init(&in_integers) == DIGITS_INT8_OK;
    if (!made || digits_self_test(&in_floats, nullptr, nullptr) != DIGITS_OK ||
        digits_int8_self_test(&in_integers, nullptr, nullptr) != DIGITS_INT8_OK) {
        say("a self-test fails\n");
        return 1;
    }
    say("both self-tests pass\n");
    const bool right = classify_in_floats() == 7 && classify_in_integers() == 7;
    say(right ? "in C++, both models take the seven for a 7\n" : "in C++, a model takes the seven for something else\n");
    return right ? 0 : 1;
}
