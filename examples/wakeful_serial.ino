// Reads wakeful's serial sentences ($WKA alerts, $WKS status) and lights a lamp while a warning is active, and another
// one when the monitor has been silent for two seconds. Framing as in NMEA 0183: $...*HH, HH is the XOR of what is
// between $ and *. Any board with a hardware serial port will do: 115200 baud, 8N1.
#include <stdlib.h>
#include <string.h>

const unsigned long SILENT_MS = 2000;
const int WARNING_PIN = 12, SILENT_PIN = 13;

char line_[83];
unsigned char used_ = 0;
unsigned long heard_ms_ = 0;
bool warned_ = false;

// Whether a line is a whole sentence with the right checksum; afterwards it ends before the asterisk.
bool checked(char *line) {
  char *star = strrchr(line, '*');
  if (line[0] != '$' || star == NULL || strlen(star) != 3) return false;
  unsigned char sum = 0;
  for (const char *one = line + 1; one < star; one++) sum ^= (unsigned char)*one;
  if (strtoul(star + 1, NULL, 16) != sum) return false;
  *star = '\0';
  return true;
}

// Field number `wanted` (0 is the sentence's name) into `field`, as far as it fits; false where there is none.
bool field_of(const char *line, int wanted, char *field, size_t size) {
  const char *start = line + 1;
  for (; wanted > 0; wanted--) {
    start = strchr(start, ',');
    if (start == NULL) return false;
    start++;
  }
  size_t length = strcspn(start, ",");
  if (length >= size) length = size - 1;
  memcpy(field, start, length);
  field[length] = '\0';
  return true;
}

bool at_least_warning(const char *level) {
  return strcmp(level, "warning") == 0 || strcmp(level, "urgent") == 0 || strcmp(level, "emergency") == 0;
}

// Takes in one line; gives whether it was a sentence of wakeful.
bool handle(char *line) {
  char name[8], level[12], phase[14];
  if (!checked(line) || !field_of(line, 0, name, sizeof name)) return false;
  if (strcmp(name, "WKS") == 0 && field_of(line, 4, level, sizeof level)) {
    warned_ = at_least_warning(level);  // the status always carries the level that is active
    return true;
  }
  if (strcmp(name, "WKA") == 0 && field_of(line, 4, level, sizeof level) && field_of(line, 5, phase, sizeof phase)) {
    if (strcmp(phase, "cleared") != 0 && at_least_warning(level)) warned_ = true;
    return true;
  }
  return false;
}

void setup() {
  Serial.begin(115200);
  pinMode(WARNING_PIN, OUTPUT);
  pinMode(SILENT_PIN, OUTPUT);
}

void loop() {
  while (Serial.available() > 0) {
    char one = (char)Serial.read();
    if (one == '$') used_ = 0;  // a sentence begins, whatever was before
    if (one == '\r' || one == '\n') {
      line_[used_] = '\0';
      if (used_ > 0 && handle(line_)) heard_ms_ = millis();
      used_ = 0;
    } else if (used_ < sizeof line_ - 1) {
      line_[used_++] = one;
    }
  }
  digitalWrite(WARNING_PIN, warned_ ? HIGH : LOW);
  digitalWrite(SILENT_PIN, millis() - heard_ms_ > SILENT_MS ? HIGH : LOW);
}
