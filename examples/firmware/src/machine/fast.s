@ Fills the fast memory of a board before the program starts; cortex-m-rt calls this before it fills other statics. On
@ boards without such memory all addresses are 0, and nothing is done.
    .syntax unified
    .weak __start_fast
    .weak __end_fast
    .weak __load_fast
    .weak __start_arena
    .weak __end_arena

    .section .text.__pre_init, "ax"
    .global __pre_init
    .type __pre_init, %function
    .thumb_func
__pre_init:
    ldr r0, =__start_fast
    ldr r1, =__end_fast
    ldr r2, =__load_fast
1:  cmp r0, r1
    bhs 2f
    ldmia r2!, {r3}
    stmia r0!, {r3}
    b 1b
2:  ldr r0, =__start_arena
    ldr r1, =__end_arena
    movs r3, #0
3:  cmp r0, r1
    bhs 4f
    stmia r0!, {r3}
    b 3b
4:  bx lr
    .size __pre_init, . - __pre_init
