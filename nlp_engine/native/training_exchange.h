// What a caller and the threads that train for it tell each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace nlp {

// Both sides may touch it at any time.
struct TrainingExchange {
  std::atomic<bool> stopped{false};        // asks the threads to return soon
  std::atomic<std::int64_t> done{0};       // words or examples
  std::atomic<double> loss{0};             // summed over `loss_count` of them: perhaps a sample
  std::atomic<std::int64_t> loss_count{0};
  std::mutex merging;                      // held by the thread that adds its own rows to the model's
};

}  // namespace nlp
