@ Products with weights in fours of channels (src/interleaved.rs) for Armv6-M and the baseline of Armv8-M: only r0 to r7
@ can be multiplied, r8 to r12 can be added to. The first four arguments are in r0 to r3, the others on the stack.

@ r0: a sum's result, from the upper word of its product with the multiplier, by halves: r5: lower half of the
@ multiplier, r6: upper half, r7: 0x8000, r4: zero point plus 128. r1 to r3: scratch. The result is limited without
@ branches, so that the time does not depend on the data.
    .macro EDGEC_RESULT
    uxth r1,r0
    asrs r0,r0,#16
    mov r2,r1
    muls r2,r5
    lsrs r2,r2,#16
    mov r3,r0
    muls r3,r5
    adds r3,r3,r2
    muls r1,r6
    uxth r2,r3
    adds r1,r1,r2
    adds r1,r1,r7
    lsrs r1,r1,#16
    asrs r3,r3,#16
    muls r0,r6
    adds r0,r0,r3
    adds r0,r0,r1
    adds r0,r0,r4
    asrs r1,r0,#31
    bics r0,r1
    movs r2,#255
    subs r2,r2,r0
    asrs r2,r2,#31
    orrs r0,r2
    subs r0,#128
    .endm

@ Prepares the halves of the multiplier in r5, and the constants.
    .macro EDGEC_HALVES
    asrs r6,r5,#16
    uxth r5,r5
    .endm
    .macro EDGEC_CONSTANTS from, zero
    ldr r4,[\from,#\zero]
    adds r4,#128
    movs r7,#1
    lsls r7,r7,#15
    .endm

@ r8 to r11 to the stack, below r4 to r7 and lr.
    .macro EDGEC_SAVE
    push {r4-r7,lr}
    mov r4,r8
    mov r5,r9
    mov r6,r10
    mov r7,r11
    push {r4-r7}
    .endm
    .macro EDGEC_RESTORE
    pop {r4-r7}
    mov r8,r4
    mov r9,r5
    mov r10,r6
    mov r11,r7
    pop {r4-r7,pc}
    .endm

@ edgec_widen_bytes(x, words, len, step): bytes to words that are `step` bytes apart. Only sums of two registers are
@ addresses of signed bytes: r4 to r6 are 0 to 2.
    .section .text.edgec_widen_bytes,"ax",%progbits
    .global edgec_widen_bytes
    .type edgec_widen_bytes,%function
    .thumb_func
edgec_widen_bytes:
    push {r4-r7,lr}
    movs r4,#0
    movs r5,#1
    movs r6,#2
    subs r2,#3
    blo 2f
1:  .irp at,r4,r5,r6
    ldrsb r7,[r0,\at]
    str r7,[r1]
    adds r1,r1,r3
    .endr
    adds r0,#3
    subs r2,#3
    bhs 1b
2:  adds r2,#3
    beq 4f
3:  ldrsb r7,[r0,r4]
    str r7,[r1]
    adds r1,r1,r3
    adds r0,#1
    subs r2,#1
    bne 3b
4:  pop {r4-r7,pc}
    .size edgec_widen_bytes,.-edgec_widen_bytes

@ edgec_five_rows(inputs, weights, parameters, inputs_end, starts, fours, zero, back): five rows by `fours` of
@ channels, one after another: four inputs a turn, 20 products in 48 instructions. `starts` are five pointers. `back` is
@ the bytes of weights of four channels, minus one: from behind a channel to the next one.
@ Stack: 128 * sums of the rows, inputs, parameters, index of the channel, weights. r8 to r12: sums of products.
    .section .text.edgec_five_rows,"ax",%progbits
    .global edgec_five_rows
    .type edgec_five_rows,%function
    .thumb_func
edgec_five_rows:
    EDGEC_SAVE
    sub sp,#36
    str r0,[sp,#20]
    str r2,[sp,#24]
    mov lr,r3
    mov r6,r1
    mov r7,r0
    ldr r0,[sp,#76]
    lsls r0,r0,#2
    str r0,[sp,#76]
    movs r0,#0
    str r0,[sp,#28]
    .irp sum,r8,r9,r10,r11,r12
    mov \sum,r0
    .endr
1:  ldm r7!,{r1-r5}
    add r8,r1
    add r9,r2
    add r10,r3
    add r11,r4
    add r12,r5
    cmp r7,lr
    bne 1b
    .macro EDGEC_KEEP sum, at
    mov r0,\sum
    lsls r0,r0,#7
    str r0,[sp,#\at]
    .endm
    EDGEC_KEEP r8,0
    EDGEC_KEEP r9,4
    EDGEC_KEEP r10,8
    EDGEC_KEEP r11,12
    EDGEC_KEEP r12,16
2:  ldr r0,[sp,#24]
    ldr r1,[r0]
    adds r0,#4
    str r0,[sp,#24]
    .macro EDGEC_START sum, at
    ldr r0,[sp,#\at]
    subs r0,r1,r0
    mov \sum,r0
    .endm
    EDGEC_START r8,0
    EDGEC_START r9,4
    EDGEC_START r10,8
    EDGEC_START r11,12
    EDGEC_START r12,16
    ldr r7,[sp,#20]
    .macro EDGEC_FIVE at
    ldrb r0,[r6,#\at]
    ldm r7!,{r1-r5}
    muls r1,r0
    add r8,r1
    muls r2,r0
    add r9,r2
    muls r3,r0
    add r10,r3
    muls r4,r0
    add r11,r4
    muls r5,r0
    add r12,r5
    .endm
3:  EDGEC_FIVE 0
    EDGEC_FIVE 4
    EDGEC_FIVE 8
    EDGEC_FIVE 12
    adds r6,#16
    cmp r7,lr
    bne 3b
    str r6,[sp,#32]
    ldr r5,[sp,#24]
    ldr r5,[r5,#12]
    EDGEC_HALVES
    EDGEC_CONSTANTS sp,80
    .macro EDGEC_STORE sum, row
    mov r0,\sum
    EDGEC_RESULT
    ldr r1,[sp,#72]
    ldr r1,[r1,#\row]
    ldr r2,[sp,#28]
    strb r0,[r1,r2]
    .endm
    EDGEC_STORE r8,0
    EDGEC_STORE r9,4
    EDGEC_STORE r10,8
    EDGEC_STORE r11,12
    EDGEC_STORE r12,16
    ldr r6,[sp,#32]
    ldr r0,[sp,#28]
    ldr r1,[sp,#76]
    adds r0,#1
    str r0,[sp,#28]
    cmp r0,r1
    beq 5f
    lsls r0,r0,#30
    beq 4f
    ldr r0,[sp,#84]
    subs r6,r6,r0
    b 2b
4:  subs r6,#3
    ldr r0,[sp,#24]
    adds r0,#16
    str r0,[sp,#24]
    b 2b
5:  add sp,#36
    EDGEC_RESTORE
    .size edgec_five_rows,.-edgec_five_rows

@ edgec_sums(inputs, weights, sums, inputs_end, fours, skip): adds the products of one row's inputs to fours of sums:
@ four inputs a turn, 16 products in 49 instructions. `skip` is the bytes of weights between the last of a four and
@ the first of the next. Stack: 128 * the sum of the inputs, inputs, sums. r8 to r11: sums of a four.
    .section .text.edgec_sums,"ax",%progbits
    .global edgec_sums
    .type edgec_sums,%function
    .thumb_func
edgec_sums:
    EDGEC_SAVE
    sub sp,#12
    str r0,[sp,#4]
    str r2,[sp,#8]
    mov lr,r1
    mov r12,r3
    mov r5,r0
    movs r6,#0
1:  ldm r5!,{r0-r3}
    adds r6,r6,r0
    adds r6,r6,r1
    adds r6,r6,r2
    adds r6,r6,r3
    cmp r5,r12
    bne 1b
    lsls r6,r6,#7
    str r6,[sp]
2:  ldr r4,[sp,#8]
    ldr r6,[sp]
    ldm r4!,{r0-r3}
    subs r0,r0,r6
    subs r1,r1,r6
    subs r2,r2,r6
    subs r3,r3,r6
    mov r8,r0
    mov r9,r1
    mov r10,r2
    mov r11,r3
    ldr r5,[sp,#4]
    mov r6,lr
    .macro EDGEC_FOUR input, at
    ldrb r4,[r6,#\at]
    muls r4,\input
    add r8,r4
    ldrb r4,[r6,#\at+1]
    muls r4,\input
    add r9,r4
    ldrb r4,[r6,#\at+2]
    muls r4,\input
    add r10,r4
    ldrb r4,[r6,#\at+3]
    muls r4,\input
    add r11,r4
    .endm
3:  ldm r5!,{r0-r3}
    EDGEC_FOUR r0,0
    EDGEC_FOUR r1,4
    EDGEC_FOUR r2,8
    EDGEC_FOUR r3,12
    adds r6,#16
    cmp r5,r12
    bne 3b
    ldr r4,[sp,#52]
    adds r6,r6,r4
    mov lr,r6
    ldr r4,[sp,#8]
    mov r0,r8
    mov r1,r9
    mov r2,r10
    mov r3,r11
    stm r4!,{r0-r3}
    str r4,[sp,#8]
    ldr r0,[sp,#48]
    subs r0,#1
    str r0,[sp,#48]
    bne 2b
    add sp,#12
    EDGEC_RESTORE
    .size edgec_sums,.-edgec_sums

@ edgec_results(sums, multipliers, y, fours, zero): the results of fours of sums; multipliers of each four are eight
@ words from the next. r8: sums, r9: multipliers, r10: y, r11: fours left.
    .section .text.edgec_results,"ax",%progbits
    .global edgec_results
    .type edgec_results,%function
    .thumb_func
edgec_results:
    EDGEC_SAVE
    mov r8,r0
    mov r9,r1
    mov r10,r2
    mov r11,r3
    EDGEC_CONSTANTS sp,36
1:  .irp at,0,4,8,12
    mov r0,r8
    ldr r0,[r0,#\at]
    mov r5,r9
    ldr r5,[r5,#\at]
    EDGEC_HALVES
    EDGEC_RESULT
    mov r1,r10
    strb r0,[r1,#\at/4]
    .endr
    movs r0,#16
    add r8,r0
    movs r0,#32
    add r9,r0
    movs r0,#4
    add r10,r0
    mov r0,r11
    subs r0,#1
    mov r11,r0
    beq 2f
    b 1b
2:  EDGEC_RESTORE
    .size edgec_results,.-edgec_results

@ edgec_all_taps(x, y, operands) and edgec_some_taps: one position of a depthwise convolution, two channels a turn.
@ The operands are those of `Taps` in position.rs. With all taps the biases hold the products of the zero point of the
@ inputs; with some of them it is taken off each input. Stack: x, y, weights and parameters of the two channels. r8:
@ inputs from tap to tap, r9: minus the zero point, r10: where the weights of a row end, r11: the operands, r12:
@ turns, lr: rows.
    .macro EDGEC_FOURS_OF_TAPS name, some
    .section .text.\name,"ax",%progbits
    .global \name
    .type \name,%function
    .thumb_func
\name:
    EDGEC_SAVE
    sub sp,#16
    mov r11,r2
    str r0,[sp]
    str r1,[sp,#4]
    ldr r0,[r2]
    str r0,[sp,#8]
    ldr r0,[r2,#4]
    str r0,[sp,#12]
    ldr r0,[r2,#20]
    mov r8,r0
    ldr r0,[r2,#36]
    mov r9,r0
    ldr r0,[r2,#8]
    lsls r0,r0,#1
    mov r12,r0
1:  ldr r3,[sp,#12]
    ldm r3!,{r6,r7}
    ldr r0,[sp]
    ldr r1,[sp,#8]
    movs r4,#0
    movs r5,#1
    mov r2,r11
    ldr r3,[r2,#12]
    mov lr,r3
2:  mov r2,r11
    ldr r3,[r2,#16]
    lsls r3,r3,#2
    adds r3,r3,r1
    mov r10,r3
3:  ldrsb r2,[r0,r4]
    ldrsb r3,[r1,r4]
    .if \some
    add r2,r9
    .endif
    muls r2,r3
    adds r6,r6,r2
    ldrsb r2,[r0,r5]
    ldrsb r3,[r1,r5]
    .if \some
    add r2,r9
    .endif
    muls r2,r3
    adds r7,r7,r2
    add r0,r8
    adds r1,#4
    cmp r1,r10
    bne 3b
    mov r2,r11
    ldr r3,[r2,#24]
    adds r0,r0,r3
    ldr r3,[r2,#28]
    adds r1,r1,r3
    mov r3,lr
    subs r3,#1
    mov lr,r3
    bne 2b
    mov r10,r6
    mov lr,r7
    mov r2,r11
    EDGEC_CONSTANTS r2,40
    .irp sum,r10,lr
    ldr r3,[sp,#12]
    mov r2,r11
    ldr r2,[r2,#44]
    ldr r5,[r3,r2]
    adds r3,#4
    str r3,[sp,#12]
    EDGEC_HALVES
    mov r0,\sum
    EDGEC_RESULT
    ldr r1,[sp,#4]
    strb r0,[r1]
    adds r1,#1
    str r1,[sp,#4]
    .endr
    ldr r0,[sp]
    adds r0,#2
    str r0,[sp]
    ldr r0,[sp,#8]
    adds r0,#2
    mov r1,r12
    subs r1,#1
    beq 5f
    mov r12,r1
    lsls r1,r1,#31
    bne 4f
    mov r2,r11
    ldr r1,[r2,#32]
    adds r0,r0,r1
    subs r0,#4
    ldr r1,[sp,#12]
    adds r1,#32
    str r1,[sp,#12]
4:  str r0,[sp,#8]
    b 1b
5:  add sp,#16
    EDGEC_RESTORE
    .size \name,.-\name
    .endm
    EDGEC_FOURS_OF_TAPS edgec_all_taps, 0
    EDGEC_FOURS_OF_TAPS edgec_some_taps, 1
    .text
