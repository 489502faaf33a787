// Nanoseconds for a cache line to come from one thread's core to another's: two threads take turns
// at a counter.
//
//     g++ -O2 -std=c++20 -pthread core_to_core.cpp -o core_to_core && ./core_to_core
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

namespace {

constexpr int turns = 200'000;
alignas(128) std::atomic<int> counter{0};

void take_turns(int mine) {
  for (int turn = mine; turn < 2 * turns; turn += 2) {
    while (counter.load(std::memory_order_acquire) != turn) {
    }
    counter.store(turn + 1, std::memory_order_release);
  }
}

}  // namespace

int main() {
  const auto start = std::chrono::steady_clock::now();
  {
    std::jthread other(take_turns, 1);
    take_turns(0);
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("%.1f\n", elapsed.count() / (2 * turns));
}
