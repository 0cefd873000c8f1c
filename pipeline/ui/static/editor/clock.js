// Times: whole milliseconds here, 1:02:03.450 for people.

export const shown = (ms) => {
  const whole = Math.max(0, Math.round(ms)), two = (n) => String(n).padStart(2, "0");
  const seconds = Math.floor(whole / 1000);
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(whole % 1000).padStart(3, "0")}`;
};

// 1:02:03.450, 2:03,45 or 123.45; null for what is no time.
export const parsed = (text) => {
  const parts = text.trim().replace(",", ".").split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d+(\.\d+)?$/.test(part))) return null;
  return Math.round(1000 * parts.reduce((sum, part) => 60 * sum + Number(part), 0));
};
