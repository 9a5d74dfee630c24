// C++ side of the simulation records and of the memories' back door (docs/developer.md).
//
// One global state for the whole simulation, so flat builds and Verilator's hierarchical blocks
// behave alike. All files are little-endian, like the hosts that Verilator runs on.
//
//   image.bin  u32 flags (1: zero the memories first), then for each piece
//              u32 place, u32 first word, u32 words, u32 bytes a word, then the words
//   dump.bin   for each memory ever loaded or written u32 place, u32 0, u32 words, u32 bytes, words
//   events.bin u32 cycle, u32 queue, 16 bytes word
//   words.bin  u32 cycle, u32 place, u32 address, 20 bytes data
//   faults.bin u32 cycle, u32 place, u32 address, 20 bytes to be exclusive-ored; may be absent.
//              Cycles count from the first event of the run, which is the first NOTIFY.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "svdpi.h"

namespace {

constexpr uint32_t kClear = 1;
constexpr size_t kBuffer = 1 << 20;

struct Piece {
  uint32_t first, words, bytes;
  size_t at;  // of the first word in Image::data
};

struct Fault {
  uint32_t cycle, place, address, bits[5];
};

struct State {
  std::string directory = ".";
  FILE *events = nullptr, *words = nullptr, *dump = nullptr;
  uint32_t flags = 0, dump_bytes = 0;
  std::vector<uint8_t> data;
  std::unordered_map<uint32_t, std::vector<Piece>> pieces;
  std::vector<Fault> faults;
  bool begun = false;
  uint32_t begin = 0;  // cycle of the first event
};

State state;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "%%Error: tsp_sim: %s\n", what.c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

FILE* open_file(const char* name, const char* mode) {
  const std::string path = state.directory + "/" + name;
  FILE* f = std::fopen(path.c_str(), mode);
  if (!f) die("cannot open " + path);
  if (mode[0] == 'w') std::setvbuf(f, nullptr, _IOFBF, kBuffer);
  return f;
}

void close_file(FILE*& f) {
  if (f && std::fclose(f)) die("cannot write the records (disk full?)");
  f = nullptr;
}

void put(FILE* f, const void* bytes, size_t n) {
  if (f && std::fwrite(bytes, 1, n, f) != n) die("cannot write the records (disk full?)");
}

void read_image() {
  FILE* f = open_file("image.bin", "rb");
  std::fseek(f, 0, SEEK_END);
  state.data.resize(static_cast<size_t>(std::ftell(f)));
  std::rewind(f);
  if (std::fread(state.data.data(), 1, state.data.size(), f) != state.data.size())
    die("cannot read image.bin");
  std::fclose(f);
  state.pieces.clear();
  if (state.data.size() < 4) die("image.bin has no flags");
  std::memcpy(&state.flags, state.data.data(), 4);
  for (size_t at = 4; at < state.data.size();) {
    uint32_t head[4];
    if (at + sizeof head > state.data.size()) die("image.bin ends in a header");
    std::memcpy(head, &state.data[at], sizeof head);
    at += sizeof head;
    const size_t size = static_cast<size_t>(head[2]) * head[3];
    if (size > state.data.size() - at) die("image.bin ends in a memory");
    if (head[3] == 0 || head[3] > 64) die("image.bin: a word has 1 .. 64 bytes");
    state.pieces[head[0]].push_back({head[1], head[2], head[3], at});
    at += size;
  }
}

void read_faults() {
  state.faults.clear();
  FILE* f = std::fopen((state.directory + "/faults.bin").c_str(), "rb");
  if (!f) return;
  Fault fault;
  while (std::fread(&fault, sizeof fault, 1, f) == 1) state.faults.push_back(fault);
  std::fclose(f);
}

// Fault `index` of those that upset `place` in `cycle`; any place if it is 0.
const Fault* fault_at(uint32_t place, uint32_t cycle, uint32_t index) {
  if (state.begun)
    for (const Fault& fault : state.faults)
      if (fault.cycle == cycle - state.begin && (!place || fault.place == place) && index-- == 0)
        return &fault;
  return nullptr;
}

}  // namespace

extern "C" {

// Returns whether there are faults.
int tsp_open(const char* directory) {
  state.directory = directory;
  state.begun = false;
  read_image();
  read_faults();
  close_file(state.events);
  close_file(state.words);
  close_file(state.dump);
  state.events = open_file("events.bin", "wb");
  state.words = open_file("words.bin", "wb");
  state.dump = open_file("dump.bin", "wb");
  return !state.faults.empty();
}

void tsp_close() {
  close_file(state.events);
  close_file(state.words);
  close_file(state.dump);
}

int tsp_clear() { return (state.flags & kClear) != 0; }

int tsp_load_count(unsigned place) {
  const auto found = state.pieces.find(place);
  uint32_t count = 0;
  if (found != state.pieces.end())
    for (const Piece& p : found->second) count += p.words;
  return static_cast<int>(count);
}

// Word `index` of those that the image holds for `place`; returns its address.
int tsp_load_word(unsigned place, unsigned index, svBitVecVal* word) {
  std::memset(word, 0, 64);
  const auto found = state.pieces.find(place);
  if (found != state.pieces.end())
    for (const Piece& p : found->second) {
      if (index < p.words) {
        std::memcpy(word, &state.data[p.at + static_cast<size_t>(index) * p.bytes], p.bytes);
        return static_cast<int>(p.first + index);
      }
      index -= p.words;
    }
  return -1;
}

void tsp_dump_begin(unsigned place, unsigned words, unsigned bits) {
  state.dump_bytes = bits == 137 ? 20 : (bits + 7) / 8;
  const uint32_t head[4] = {place, 0, words, state.dump_bytes};
  put(state.dump, head, sizeof head);
}

void tsp_dump_word(const svBitVecVal* word) { put(state.dump, word, state.dump_bytes); }

// Is anything upset in `cycle`?
int tsp_fault_due(unsigned cycle) { return fault_at(0, cycle, 0) != nullptr; }

int tsp_fault_count(unsigned place, unsigned cycle) {
  uint32_t count = 0;
  while (fault_at(place, cycle, count)) ++count;
  return static_cast<int>(count);
}

// What fault `index` of a place upsets; returns the word's address.
int tsp_fault_word(unsigned place, unsigned cycle, unsigned index, svBitVecVal* word) {
  std::memset(word, 0, 64);
  const Fault* fault = fault_at(place, cycle, index);
  if (!fault) return -1;
  std::memcpy(word, fault->bits, sizeof fault->bits);
  return static_cast<int>(fault->address);
}

void tsp_event(unsigned cycle, unsigned unit, const svBitVecVal* word) {
  if (!state.begun) {
    state.begun = true;
    state.begin = cycle;
  }
  const uint32_t record[6] = {cycle, unit, word[0], word[1], word[2], word[3]};
  put(state.events, record, sizeof record);
}

void tsp_write(unsigned cycle, unsigned place, unsigned address, const svBitVecVal* data) {
  uint32_t record[8] = {cycle, place, address, data[0], data[1], data[2], data[3], data[4]};
  put(state.words, record, sizeof record);
}

}  // extern "C"
