/* The protected CAN frames of wakeful for a microcontroller in C99: AUTOSAR E2E Profile 11, variant A (docs/can.md).
   Data ids: heartbeat 0x5748, alert 0x5741, acknowledge 0x574B, attention 0x5754. */
#ifndef WAKEFUL_E2E_H
#define WAKEFUL_E2E_H

#include <stdbool.h>
#include <stdint.h>

/* CRC-8 SAE-J1850 over the data id, low byte first, and all bytes of the frame but the first. */
static uint8_t wakeful_crc(const uint8_t *data, uint8_t length, uint16_t data_id)
{
    uint8_t crc = 0;
    for (uint8_t at = 0; at <= length; at++) {
        crc ^= at == 0 ? (uint8_t)data_id : at == 1 ? (uint8_t)(data_id >> 8) : data[at - 1];
        for (uint8_t bit = 0; bit < 8; bit++)
            crc = (uint8_t)(crc & 0x80 ? crc << 1 ^ 0x1D : crc << 1);
    }
    return crc;
}

/* Whether a frame is sound and new. *last: the counter of the one before, 15 before the first; one for each identifier.
   Frames may be lost between two that are accepted; a lost alert is found by its Number in the next one. */
static bool wakeful_accept(const uint8_t *data, uint8_t length, uint16_t data_id, uint8_t *last)
{
    uint8_t counter = data[1] & 0x0F;
    if (data[0] != wakeful_crc(data, length, data_id) || counter == 15 || counter == *last)
        return false;
    *last = counter;
    return true;
}

/* Fills data[4] with the acknowledgement of an alert. *counter: one for all of them, 0 before the first. */
static void wakeful_acknowledge(uint8_t data[4], uint16_t number, uint8_t *counter)
{
    data[1] = *counter;
    data[2] = (uint8_t)number;
    data[3] = (uint8_t)(number >> 8);
    data[0] = wakeful_crc(data, 4, 0x574B);
    *counter = (uint8_t)((*counter + 1) % 15);
}

#endif
