@ Depthwise convolutions with weights of 16 bits in quads of channels (src/paired.rs), four channels a turn. A word of
@ weights holds channels 0 and 2 of a tap, the next one 1 and 3; SXTAB16 widens the inputs and takes off their zero
@ point.
@
@ The first computes neighbouring positions, the others one, for all channels, from the taps that are inside the image.
@ Arguments: x, weights, parameters, y, then on the stack y_end, minus_zero, tap_step, row_step, zero, and of the first
@ positions, x_step, y_gap, y_step, of the others rows, taps, weight_row_step, weight_quad_step. `minus_zero` is minus
@ the zero point of the inputs, twice; steps and gaps are in bytes. `y` goes to `y_end` for one position; the next
@ begins `y_gap` behind it and ends `y_step` later. Parameters of a quad: four biases, four multipliers.

@ One tap: r0 + off: inputs, r1 + woff: weights, r10: minus the zero point, twice, r2 to r5: sums of channels 0 to 3.
    .macro EDGEC_TAP off, woff
    ldr r6,[r0\off]
    ldrd r8,r9,[r1,#\woff]
    sxtab16 r7,r10,r6
    sxtab16 r6,r10,r6,ror #8
    smlabb r2,r7,r8,r2
    smlatt r4,r7,r8,r4
    smlabb r3,r6,r9,r3
    smlatt r5,r6,r9,r5
    .endm

@ Rescales, limits and stores the sums: parameters at lr, the zero point of the outputs at sp + \zero, y at sp + \y.
    .macro EDGEC_STORE zero, y
    ldrd r6,r7,[lr],#8
    ldr r8,[sp,#\zero]
    smmlar r2,r2,r6,r8
    smmlar r3,r3,r7,r8
    ldrd r6,r7,[lr],#8
    smmlar r4,r4,r6,r8
    smmlar r5,r5,r7,r8
    ssat r2,#8,r2
    ssat r3,#8,r3
    ssat r4,#8,r4
    ssat r5,#8,r5
    ldr r9,[sp,#\y]
    strb r2,[r9]
    strb r3,[r9,#1]
    strb r4,[r9,#2]
    strb r5,[r9,#3]
    adds r9,#4
    str r9,[sp,#\y]
    .endm

@ All nine taps of a 3x3 kernel.
    .section .text.edgec_taps_3x3,"ax",%progbits
    .global edgec_taps_3x3
    .type edgec_taps_3x3,%function
    .thumb_func
edgec_taps_3x3:
    push {r0-r11,lr}
    ldr r10,[sp,#56]
    ldr r11,[sp,#60]
    ldr r12,[sp,#64]
1:  ldrd r0,r1,[sp]
    ldr lr,[sp,#8]
2:  ldm lr!,{r2-r5}
    EDGEC_TAP "",0
    EDGEC_TAP ",r11",8
    EDGEC_TAP ",r11,lsl #1",16
    add r0,r12
    EDGEC_TAP "",24
    EDGEC_TAP ",r11",32
    EDGEC_TAP ",r11,lsl #1",40
    add r0,r12
    EDGEC_TAP "",48
    EDGEC_TAP ",r11",56
    EDGEC_TAP ",r11,lsl #1",64
    sub r0,r0,r12,lsl #1
    adds r0,#4
    adds r1,#72
    EDGEC_STORE 68, 12
    ldr r6,[sp,#52]
    cmp r9,r6
    blo 2b
    ldr r0,[sp]
    ldrd r7,r8,[sp,#76]
    add r0,r7
    str r0,[sp]
    add r9,r8
    str r9,[sp,#12]
    ldr r7,[sp,#84]
    add r6,r7
    str r6,[sp,#52]
    ldr r7,[sp,#72]
    subs r7,#1
    str r7,[sp,#72]
    bne 1b
    add sp,#16
    pop {r4-r11,pc}
    .size edgec_taps_3x3,.-edgec_taps_3x3

@ What begins and ends the functions below: x and weights of the quad at sp and sp + 4, parameters at sp + 8, y at sp +
@ 12.
    .macro EDGEC_BEGIN_TAPS name
    .section .text.\name,"ax",%progbits
    .global \name
    .type \name,%function
    .thumb_func
\name:
    push {r0-r11,lr}
    ldr r10,[sp,#56]
    ldr r11,[sp,#60]
1:  ldr r6,[sp,#8]
    ldm r6!,{r2-r5}
    str r6,[sp,#8]
    ldrd r0,r1,[sp]
    ldr lr,[sp,#72]
    .endm
    .macro EDGEC_END_TAPS name
    ldr lr,[sp,#8]
    EDGEC_STORE 68, 12
    str lr,[sp,#8]
    ldrd r0,r1,[sp]
    ldr r6,[sp,#84]
    adds r0,#4
    adds r1,r6
    strd r0,r1,[sp]
    ldr r7,[sp,#52]
    cmp r9,r7
    blo 1b
    add sp,#16
    pop {r4-r11,pc}
    .size \name,.-\name
    .endm

@ Two or three taps of each of `rows` rows.
    .macro EDGEC_TAPS name, taps
    EDGEC_BEGIN_TAPS \name
    ldr r12,[sp,#80]
2:  EDGEC_TAP "",0
    EDGEC_TAP ",r11",8
    .if \taps > 2
    EDGEC_TAP ",r11,lsl #1",16
    .endif
    ldr r6,[sp,#64]
    add r0,r6
    add r1,r12
    subs lr,#1
    bne 2b
    EDGEC_END_TAPS \name
    .endm
    EDGEC_TAPS edgec_taps_2, 2
    EDGEC_TAPS edgec_taps_3, 3

@ `taps` taps of each of `rows` rows. `row_step` and `weight_row_step` count from behind the last tap of a row.
    EDGEC_BEGIN_TAPS edgec_taps
2:  ldr r12,[sp,#76]
3:  EDGEC_TAP "",0
    add r0,r11
    adds r1,#8
    subs r12,#1
    bne 3b
    ldr r6,[sp,#64]
    add r0,r6
    ldr r6,[sp,#80]
    add r1,r6
    subs lr,#1
    bne 2b
    EDGEC_END_TAPS edgec_taps
    .text
