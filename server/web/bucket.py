"""A token bucket: how fast something may come."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """`per_s` tokens flow in, at most `burst` are kept; the caller brings the time, in seconds of any monotonic clock."""

    per_s: float
    burst: float
    level: float
    at: float

    @classmethod
    def full(cls, per_s: float, burst: float, now: float) -> "Bucket":
        return cls(per_s, burst, burst, now)

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Take `amount` if it is there; a refused amount is not taken."""
        self.level = min(self.burst, self.level + (now - self.at) * self.per_s)
        self.at = now
        if amount > self.level:
            return False
        self.level -= amount
        return True

    def give_back(self, amount: float = 1.0) -> None:
        """Put back what was taken for nothing."""
        self.level = min(self.burst, self.level + amount)
