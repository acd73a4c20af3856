@ Kernels on rows of weights (src/rows.rs) for Cortex-M with vectors. The first four arguments are in r0 to r3, the
@ others on the stack. A loop from DLSTP to LETP masks the lanes behind the last input: they are neither read nor added.

    .cpu cortex-m55

@ Sixteen inputs of one row by those of four others, whose sums are in r4, r6, r8 and r10.
    .macro EDGEC_SIXTEEN one, a, b, c, d
    vldrb.u8 q0,[\one],#16
    vldrb.u8 q1,[\a],#16
    vmladava.s8 r4,q0,q1
    vldrb.u8 q2,[\b],#16
    vmladava.s8 r6,q0,q2
    vldrb.u8 q3,[\c],#16
    vmladava.s8 r8,q0,q3
    vldrb.u8 q1,[\d],#16
    vmladava.s8 r10,q0,q1
    .endm

@ edgec_four_rows(x, weights, parameters, y, inputs, channels, zero): four rows by all channels: 64 products in 10
@ instructions. `x` and `y` are four pointers each; those of `y` advance.
    .section .text.edgec_four_rows,"ax",%progbits
    .global edgec_four_rows
    .type edgec_four_rows,%function
    .thumb_func
edgec_four_rows:
    push {r0,r3-r11,lr}
    mov r11,r1
    ldr r0,[sp,#52]
1:  ldr r12,[sp]
    ldm r12,{r1,r3,r5,r7}
    ldr r4,[r2],#4
    mov r6,r4
    mov r8,r4
    mov r10,r4
    mov r9,r11
    ldr r12,[sp,#44]
    add r11,r12
    dlstp.8 lr,r12
2:  EDGEC_SIXTEEN r9,r1,r3,r5,r7
    letp lr,2b
    ldr r12,[r2],#4
    smmlar r4,r4,r12,r0
    smmlar r6,r6,r12,r0
    smmlar r8,r8,r12,r0
    smmlar r10,r10,r12,r0
    ssat r4,#8,r4
    ssat r6,#8,r6
    ssat r8,#8,r8
    ssat r10,#8,r10
    ldr r12,[sp,#4]
    ldm r12,{r1,r3,r5,r7}
    strb r4,[r1],#1
    strb r6,[r3],#1
    strb r8,[r5],#1
    strb r10,[r7],#1
    stm r12,{r1,r3,r5,r7}
    ldr r12,[sp,#48]
    subs r12,#1
    str r12,[sp,#48]
    bne 1b
    pop {r0,r3-r11,pc}
    .size edgec_four_rows,.-edgec_four_rows

@ edgec_one_row_of(x, weights, parameters, y, inputs, fours, zero): one row by fours of channels: 64 products in 10
@ instructions.
    .section .text.edgec_one_row_of,"ax",%progbits
    .global edgec_one_row_of
    .type edgec_one_row_of,%function
    .thumb_func
edgec_one_row_of:
    push {r1,r4-r11,lr}
    ldr r11,[sp,#40]
1:  ldr r4,[r2]
    ldr r6,[r2,#8]
    ldr r8,[r2,#16]
    ldr r10,[r2,#24]
    ldr r1,[sp]
    add r5,r1,r11
    add r7,r5,r11
    add r9,r7,r11
    add r12,r9,r11
    str r12,[sp]
    mov r12,r0
    dlstp.8 lr,r11
2:  EDGEC_SIXTEEN r12,r1,r5,r7,r9
    letp lr,2b
    ldr r5,[sp,#48]
    ldr r1,[r2,#4]
    smmlar r4,r4,r1,r5
    ldr r1,[r2,#12]
    smmlar r6,r6,r1,r5
    ldr r1,[r2,#20]
    smmlar r8,r8,r1,r5
    ldr r1,[r2,#28]
    smmlar r10,r10,r1,r5
    adds r2,#32
    ssat r4,#8,r4
    ssat r6,#8,r6
    ssat r8,#8,r8
    ssat r10,#8,r10
    strb r4,[r3],#1
    strb r6,[r3],#1
    strb r8,[r3],#1
    strb r10,[r3],#1
    ldr r1,[sp,#44]
    subs r1,#1
    str r1,[sp,#44]
    bne 1b
    pop {r1,r4-r11,pc}
    .size edgec_one_row_of,.-edgec_one_row_of

@ edgec_eights_all(x, y, operands) and edgec_eights_some: one position of a depthwise convolution, eight channels a
@ turn. The operands are those of `Taps` in position.rs. With all taps the biases hold the products of the zero point
@ of the inputs; with some of them it is taken off each input. q2: sums of the even channels, q3: of the odd ones.
    .macro EDGEC_EIGHTS name, some
    .section .text.\name,"ax",%progbits
    .global \name
    .type \name,%function
    .thumb_func
\name:
    push {r4-r11,lr}
    vpush {d8-d9}
    ldr r4,[r2]
    ldr r5,[r2,#4]
    ldr r6,[r2,#8]
    ldr r11,[r2,#20]
    ldr r8,[r2,#24]
    ldr r9,[r2,#28]
    ldr r10,[r2,#36]
1:  mov r3,r0
    mov r7,r4
    vldrw.u32 q2,[r5]
    vldrw.u32 q3,[r5,#16]
    ldr r12,[r2,#12]
2:  ldr lr,[r2,#16]
    dls lr,lr
3:  vldrb.s16 q0,[r3]
    vldrb.s16 q1,[r7],#8
    .if \some
    vadd.i16 q0,q0,r10
    .endif
    vmullb.s16 q4,q0,q1
    vmullt.s16 q0,q0,q1
    vadd.i32 q2,q2,q4
    vadd.i32 q3,q3,q0
    add r3,r11
    le lr,3b
    add r3,r8
    add r7,r9
    subs r12,#1
    bne 2b
    ldrd r7,r12,[r2,#40]
    add r12,r5
    vldrw.u32 q0,[r12]
    vldrw.u32 q1,[r12,#16]
    vrmulh.s32 q2,q2,q0
    vrmulh.s32 q3,q3,q1
    vadd.i32 q2,q2,r7
    vadd.i32 q3,q3,r7
    vqmovnb.s32 q0,q2
    vqmovnt.s32 q0,q3
    vqmovnb.s16 q1,q0
    vstrb.16 q1,[r1],#8
    adds r0,#8
    ldr r12,[r2,#32]
    add r4,r12
    adds r5,#96
    subs r6,#1
    bne 1b
    vpop {d8-d9}
    pop {r4-r11,pc}
    .size \name,.-\name
    .endm
    EDGEC_EIGHTS edgec_eights_all, 0
    EDGEC_EIGHTS edgec_eights_some, 1
    .text
