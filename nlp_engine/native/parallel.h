// Work cut into parts, one thread each.
#pragma once

#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace nlp {

// Calls work(part, begin, end) for `parts` ranges that together are [0, count), each on its own
// thread, and rethrows the first exception. One part runs on the calling thread.
template <typename Work>
void for_each_range(std::size_t count, std::size_t parts, const Work& work) {
  std::vector<std::exception_ptr> errors(parts);
  const auto run = [&](std::size_t part) {
    try {
      work(part, count * part / parts, count * (part + 1) / parts);
    } catch (...) {
      errors[part] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;  // joined at the end of this scope
    for (std::size_t part = 1; part < parts; ++part) threads.emplace_back(run, part);
    run(0);
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

// Calls work(item) for every item, each on its own thread, and rethrows the first exception.
template <typename Item, typename Work>
void for_each_item(std::vector<Item>& items, const Work& work) {
  for_each_range(items.size(), items.size(),
                 [&](std::size_t index, std::size_t, std::size_t) { work(items[index]); });
}

}  // namespace nlp
