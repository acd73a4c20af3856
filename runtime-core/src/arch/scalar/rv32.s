# Products with weights in fours of channels (src/interleaved.rs) for RV32IM.

    .option push
    .option arch,+m

# The result of a sum: t6: multiplier, a5: zero point plus 128, a6: 255, a3 and a4: scratch. It is limited without
# branches, so that the time does not depend on the data.
    .macro EDGEC_RESULT sum
    mulh a3,\sum,t6
    mul a4,\sum,t6
    srli a4,a4,31
    add a3,a3,a4
    add a3,a3,a5
    srai a4,a3,31
    not a4,a4
    and a3,a3,a4
    sub a4,a6,a3
    srai a4,a4,31
    or a3,a3,a4
    addi a3,a3,-128
    .endm

# edgec_widen_bytes(x, words, len, step): bytes to words that are `step` bytes apart.
    .section .text.edgec_widen_bytes,"ax",@progbits
    .global edgec_widen_bytes
    .type edgec_widen_bytes,@function
edgec_widen_bytes:
    li t1,4
1:  bltu a2,t1,2f
    .irp at,0,1,2,3
    lb t0,\at(a0)
    sw t0,0(a1)
    add a1,a1,a3
    .endr
    addi a0,a0,4
    addi a2,a2,-4
    j 1b
2:  beqz a2,4f
3:  lb t0,0(a0)
    sw t0,0(a1)
    add a1,a1,a3
    addi a0,a0,1
    addi a2,a2,-1
    bnez a2,3b
4:  ret
    .size edgec_widen_bytes,.-edgec_widen_bytes

# Five results of one channel at `at`: a7: pointers to the rows.
    .macro EDGEC_COLUMN multiplier, at, r0, r1, r2, r3, r4
    lw t6,\multiplier(a2)
    .irp sum,\r0,\r1,\r2,\r3,\r4
    EDGEC_RESULT \sum
    lw a4,0(a7)
    sb a3,\at(a4)
    addi a7,a7,4
    .endr
    addi a7,a7,-20
    .endm

# One input of a row by four channels. a2: input, a3 to a6: weights, a7: scratch.
    .macro EDGEC_INPUT at, s0, s1, s2, s3
    lw a2,\at(a0)
    mul a7,a2,a3
    add \s0,\s0,a7
    mul a7,a2,a4
    add \s1,\s1,a7
    mul a7,a2,a5
    add \s2,\s2,a7
    mul a7,a2,a6
    add \s3,\s3,a7
    .endm

# edgec_five_rows(inputs, weights, parameters, inputs_end, starts, fours, zero, back): five rows by `fours` of channels:
# an input of all rows a turn, 20 products in 49 instructions. `starts` are five pointers, which advance.
# Sums of products, of rows 0 to 4: s0-s3, s4-s7, s8-s11, t0-t3, t4 t5 t6 ra.
# Stack: saved registers, then inputs 64, parameters 68, inputs_end 72, starts 76, fours 80, zero 84, 128 * sums 88.
    .section .text.edgec_five_rows,"ax",@progbits
    .global edgec_five_rows
    .type edgec_five_rows,@function
edgec_five_rows:
    addi sp,sp,-112
    sw ra,0(sp)
    sw s0,4(sp)
    sw s1,8(sp)
    sw s2,12(sp)
    sw s3,16(sp)
    sw s4,20(sp)
    sw s5,24(sp)
    sw s6,28(sp)
    sw s7,32(sp)
    sw s8,36(sp)
    sw s9,40(sp)
    sw s10,44(sp)
    sw s11,48(sp)
    sw a0,64(sp)
    sw a2,68(sp)
    sw a3,72(sp)
    sw a4,76(sp)
    sw a5,80(sp)
    sw a6,84(sp)
    li s0,0
    li s4,0
    li s8,0
    li t0,0
    li t4,0
1:  lw a4,0(a0)
    lw a5,4(a0)
    lw a6,8(a0)
    lw a7,12(a0)
    lw t6,16(a0)
    add s0,s0,a4
    add s4,s4,a5
    add s8,s8,a6
    add t0,t0,a7
    add t4,t4,t6
    addi a0,a0,20
    bne a0,a3,1b
    slli s0,s0,7
    slli s4,s4,7
    slli s8,s8,7
    slli t0,t0,7
    slli t4,t4,7
    sw s0,88(sp)
    sw s4,92(sp)
    sw s8,96(sp)
    sw t0,100(sp)
    sw t4,104(sp)
2:  lw a0,68(sp)
    lw a3,0(a0)
    lw a4,4(a0)
    lw a5,8(a0)
    lw a6,12(a0)
    .macro EDGEC_START at, s0, s1, s2, s3
    lw a7,\at(sp)
    sub \s0,a3,a7
    sub \s1,a4,a7
    sub \s2,a5,a7
    sub \s3,a6,a7
    .endm
    EDGEC_START 88,s0,s1,s2,s3
    EDGEC_START 92,s4,s5,s6,s7
    EDGEC_START 96,s8,s9,s10,s11
    EDGEC_START 100,t0,t1,t2,t3
    EDGEC_START 104,t4,t5,t6,ra
    lw a0,64(sp)
    .macro EDGEC_FIVE x, w
    lbu a3,\w(a1)
    lbu a4,\w+1(a1)
    lbu a5,\w+2(a1)
    lbu a6,\w+3(a1)
    EDGEC_INPUT \x,s0,s1,s2,s3
    EDGEC_INPUT \x+4,s4,s5,s6,s7
    EDGEC_INPUT \x+8,s8,s9,s10,s11
    EDGEC_INPUT \x+12,t0,t1,t2,t3
    EDGEC_INPUT \x+16,t4,t5,t6,ra
    .endm
3:  EDGEC_FIVE 0,0
    EDGEC_FIVE 20,4
    EDGEC_FIVE 40,8
    EDGEC_FIVE 60,12
    addi a0,a0,80
    addi a1,a1,16
    lw a2,72(sp)
    bne a0,a2,3b
    lw a2,68(sp)
    lw a7,76(sp)
    lw a5,84(sp)
    addi a5,a5,128
    li a6,255
    mv a0,t6
    EDGEC_COLUMN 16,0,s0,s4,s8,t0,t4
    EDGEC_COLUMN 20,1,s1,s5,s9,t1,t5
    EDGEC_COLUMN 24,2,s2,s6,s10,t2,a0
    EDGEC_COLUMN 28,3,s3,s7,s11,t3,ra
    addi a2,a2,32
    sw a2,68(sp)
    .irp at,0,4,8,12,16
    lw a4,\at(a7)
    addi a4,a4,4
    sw a4,\at(a7)
    .endr
    lw a4,80(sp)
    addi a4,a4,-1
    sw a4,80(sp)
    beqz a4,4f
    j 2b
4:  lw ra,0(sp)
    lw s0,4(sp)
    lw s1,8(sp)
    lw s2,12(sp)
    lw s3,16(sp)
    lw s4,20(sp)
    lw s5,24(sp)
    lw s6,28(sp)
    lw s7,32(sp)
    lw s8,36(sp)
    lw s9,40(sp)
    lw s10,44(sp)
    lw s11,48(sp)
    addi sp,sp,112
    ret
    .size edgec_five_rows,.-edgec_five_rows

# edgec_sums(inputs, weights, sums, inputs_end, fours, skip): adds the products of one row's inputs to fours of sums.
# `skip` is the bytes of weights between the last of a four and the first of the next. t0: 128 * the sum of the
# inputs, t1 to t4: sums of a four, t5: inputs.
    .section .text.edgec_sums,"ax",@progbits
    .global edgec_sums
    .type edgec_sums,@function
edgec_sums:
    mv t5,a0
    li t0,0
1:  lw t1,0(a0)
    add t0,t0,t1
    addi a0,a0,4
    bne a0,a3,1b
    slli t0,t0,7
2:  lw t1,0(a2)
    lw t2,4(a2)
    lw t3,8(a2)
    lw t4,12(a2)
    sub t1,t1,t0
    sub t2,t2,t0
    sub t3,t3,t0
    sub t4,t4,t0
    mv a0,t5
    .macro EDGEC_FOUR x, w
    lw a7,\x(a0)
    lbu a6,\w(a1)
    mul a6,a6,a7
    add t1,t1,a6
    lbu a6,\w+1(a1)
    mul a6,a6,a7
    add t2,t2,a6
    lbu a6,\w+2(a1)
    mul a6,a6,a7
    add t3,t3,a6
    lbu a6,\w+3(a1)
    mul a6,a6,a7
    add t4,t4,a6
    .endm
3:  EDGEC_FOUR 0,0
    EDGEC_FOUR 4,4
    EDGEC_FOUR 8,8
    EDGEC_FOUR 12,12
    addi a0,a0,16
    addi a1,a1,16
    bne a0,a3,3b
    sw t1,0(a2)
    sw t2,4(a2)
    sw t3,8(a2)
    sw t4,12(a2)
    addi a2,a2,16
    add a1,a1,a5
    addi a4,a4,-1
    bnez a4,2b
    ret
    .size edgec_sums,.-edgec_sums

# edgec_results(sums, multipliers, y, fours, zero): the results of fours of sums; multipliers of each four are eight
# words from the next.
    .section .text.edgec_results,"ax",@progbits
    .global edgec_results
    .type edgec_results,@function
edgec_results:
    mv t5,a3
    addi a5,a4,128
    li a6,255
    .macro EDGEC_ONE at
    lw t0,4*\at(a0)
    lw t6,4*\at(a1)
    EDGEC_RESULT t0
    sb a3,\at(a2)
    .endm
1:  EDGEC_ONE 0
    EDGEC_ONE 1
    EDGEC_ONE 2
    EDGEC_ONE 3
    addi a0,a0,16
    addi a1,a1,32
    addi a2,a2,4
    addi t5,t5,-1
    bnez t5,1b
    ret
    .size edgec_results,.-edgec_results

# edgec_all_taps(x, y, operands) and edgec_some_taps: one position of a depthwise convolution, four channels a turn.
# The operands are those of `Taps` in position.rs. With all taps the biases hold the products of the zero point of the
# inputs; with some of them it is taken off each input. t0 to t3: sums, t4: rows, t5: turns, s0: x, s1: y, s2:
# weights, s3: parameters.
    .macro EDGEC_LANE at, some, sum
    lb a3,\at(a0)
    lb a4,\at(a1)
    .if \some
    add a3,a3,a6
    .endif
    mul a3,a3,a4
    add \sum,\sum,a3
    .endm
    .macro EDGEC_FOURS_OF_TAPS name, some
    .section .text.\name,"ax",@progbits
    .global \name
    .type \name,@function
\name:
    addi sp,sp,-16
    sw s0,0(sp)
    sw s1,4(sp)
    sw s2,8(sp)
    sw s3,12(sp)
    mv s0,a0
    mv s1,a1
    lw s2,0(a2)
    lw s3,4(a2)
    lw t5,8(a2)
1:  lw t0,0(s3)
    lw t1,4(s3)
    lw t2,8(s3)
    lw t3,12(s3)
    mv a0,s0
    mv a1,s2
    lw t4,12(a2)
    lw a7,20(a2)
    .if \some
    lw a6,36(a2)
    .endif
2:  lw a5,16(a2)
3:  EDGEC_LANE 0,\some,t0
    EDGEC_LANE 1,\some,t1
    EDGEC_LANE 2,\some,t2
    EDGEC_LANE 3,\some,t3
    add a0,a0,a7
    addi a1,a1,4
    addi a5,a5,-1
    bnez a5,3b
    lw a3,24(a2)
    lw a4,28(a2)
    add a0,a0,a3
    add a1,a1,a4
    addi t4,t4,-1
    bnez t4,2b
    lw a5,40(a2)
    addi a5,a5,128
    li a6,255
    lw a7,44(a2)
    add a7,a7,s3
    .macro EDGEC_CHANNEL at, sum
    lw t6,4*\at(a7)
    EDGEC_RESULT \sum
    sb a3,\at(s1)
    .endm
    EDGEC_CHANNEL 0,t0
    EDGEC_CHANNEL 1,t1
    EDGEC_CHANNEL 2,t2
    EDGEC_CHANNEL 3,t3
    .purgem EDGEC_CHANNEL
    addi s0,s0,4
    addi s1,s1,4
    addi s3,s3,48
    lw a3,32(a2)
    add s2,s2,a3
    addi t5,t5,-1
    bnez t5,1b
    lw s0,0(sp)
    lw s1,4(sp)
    lw s2,8(sp)
    lw s3,12(sp)
    addi sp,sp,16
    ret
    .size \name,.-\name
    .endm
    EDGEC_FOURS_OF_TAPS edgec_all_taps, 0
    EDGEC_FOURS_OF_TAPS edgec_some_taps, 1
    .text
    .option pop
