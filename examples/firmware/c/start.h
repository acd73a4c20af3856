/* What a program for an emulated Cortex-M4F has in the place of an operating system. */
#ifndef START_H
#define START_H

#ifdef __cplusplus
extern "C" {
#endif

/* Tells the host of the emulator something. */
void say(const char *text);

/* The program; what it gives is the exit code of the emulator. */
int program(void);

#ifdef __cplusplus
}
#endif

#endif
