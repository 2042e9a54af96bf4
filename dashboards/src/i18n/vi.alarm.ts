// Texts beside the trend of an alarm, in Vietnamese. AlarmTrend.tsx adds them.
export const viAlarm = {
  "alarm.waited": "chờ {span}",
  "alarm.raisedAtOnce": "Báo ngay khi vượt.",
  "alarm.raisedAfter": "Chỉ báo khi vượt liên tục {span}.",
  "alarm.endsAtOnce": "Hết ngay khi trở lại bình thường.",
  "alarm.endsAfter": "Chỉ hết khi bình thường trở lại liên tục {span}.",
};
