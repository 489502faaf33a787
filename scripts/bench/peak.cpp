// How many single-precision multiply-adds the processor can do per second.
//
//     peak THREADS    prints a line "avx2 N" and, where there is AVX-512, "avx512 N"
//
// Every thread runs chains of fused multiply-adds in registers, as many as hide their latency, and
// reads no memory. N counts those of all threads by wall time.

#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr long kSteps = 20'000'000;
constexpr int kRepeats = 3;
constexpr int kChains = 12;  // two multiply-adds can begin per cycle and take four or five

// The empty assembly statements keep the compiler from joining or dropping steps.
__attribute__((target("avx2,fma"))) void chains_avx2() {
  const __m256 scale = _mm256_set1_ps(0.999F), shift = _mm256_set1_ps(1e-3F);
  __m256 sums[kChains];
  for (auto& sum : sums) sum = shift;
  for (long step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (auto& sum : sums) {
      sum = _mm256_fmadd_ps(sum, scale, shift);
      asm volatile("" : "+x"(sum));
    }
  }
}

__attribute__((target("avx512f"))) void chains_avx512() {
  const __m512 scale = _mm512_set1_ps(0.999F), shift = _mm512_set1_ps(1e-3F);
  __m512 sums[kChains];
  for (auto& sum : sums) sum = shift;
  for (long step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (auto& sum : sums) {
      sum = _mm512_fmadd_ps(sum, scale, shift);
      asm volatile("" : "+v"(sum));
    }
  }
}

double best_rate(void (*chains)(), int lanes, int threads) {
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back(chains);
    for (auto& thread : running) thread.join();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, double(kSteps) * kChains * lanes * threads / seconds.count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    std::printf("avx2 %.6g\n", best_rate(chains_avx2, 8, threads));
  if (__builtin_cpu_supports("avx512f"))
    std::printf("avx512 %.6g\n", best_rate(chains_avx512, 16, threads));
}
