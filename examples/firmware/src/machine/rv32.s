# Where an RV32 starts: statics get their values, the stack its paint, and `main` runs.
    .section .start, "ax"
    .global _start
    .type _start, @function
_start:
    la sp, _stack_start
    la a0, _start_data
    la a1, _end_data
    la a2, _load_data
1:  bgeu a0, a1, 2f
    lw a3, 0(a2)
    sw a3, 0(a0)
    addi a0, a0, 4
    addi a2, a2, 4
    j 1b
2:  la a1, _end_statics
3:  bgeu a0, a1, 4f
    sw zero, 0(a0)
    addi a0, a0, 4
    j 3b
4:  li a3, 0xcccccccc
5:  bgeu a0, sp, 6f
    sw a3, 0(a0)
    addi a0, a0, 4
    j 5b
6:  j main
    .size _start, . - _start
