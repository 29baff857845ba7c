<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

/** What happens to each appointment, decided by the seed alone, so that a storm can be repeated. */
final class Plan
{
    /** Where the appointments stand. */
    public const TABLE = 'wp_storm_appointments';
    private const ZONES = array('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC');
    private const MOST_CHANGES = 3;
    /** When an operation comes: days ahead, on the day of the visits that begin within the storm, while Zoom is away just before. */
    public const AHEAD = 0;
    public const ON_THE_DAY = 1;
    public const IN_THE_OUTAGE = 2;
    /** Visits that begin within the storm do so in steps of five minutes, this many before and after its opening hour. */
    public const STEPS = array(-2, 5);
    public const STEP_SECONDS = 300;
    private const MOST_ON_THE_DAY = 500;

    /**
     * @param int $appointments how many; a quarter of them, but no more than 500, begin within the storm
     * @param int $doctors      how many there are to choose from
     * @param int $opens        the opening hour on the day of those, Unix seconds
     * @return array<int, list<array<string, mixed>>> by appointment, the operations in order: stage, what, doctor (its index),
     *                                                start (UTC), elsewhen (another one), minutes, timezone, commits, settles
     */
    public static function draw(int $seed, int $appointments, int $doctors, int $opens): array
    {
        mt_srand($seed);
        $plan = array();
        $ahead = $appointments - min(self::MOST_ON_THE_DAY, intdiv($appointments, 4));
        for ($appointment = 1; $appointment <= $appointments; $appointment++) {
            $isAhead = $appointment <= $ahead;
            foreach (self::life($appointment, $doctors, $isAhead ? null : $opens) as $number => $operation) {
                // Some are booked days ahead and changed in the outage, some are booked in it.
                $plan[$appointment][] = array('stage' => $isAhead ? self::AHEAD : min(self::IN_THE_OUTAGE, $number + $appointment % 3)) + $operation;
            }
        }
        return $plan;
    }

    /** Where the patient of the storm's own system is mailed. */
    public static function patient(int $appointment): string
    {
        return "patient{$appointment}@patients.example";
    }

    /** @return list<array<string, mixed>> */
    private static function life(int $appointment, int $doctors, ?int $opens): array
    {
        $visit = array(
            'doctor' => $appointment % $doctors,
            'start' => self::start($opens),
            'elsewhen' => self::start($opens),
            'minutes' => 15 + 5 * mt_rand(0, 9),
            'timezone' => self::ZONES[mt_rand(0, count(self::ZONES) - 1)],
            'held' => true,
        );
        $life = array(self::operation('book', $visit));
        if (! $life[0]['commits']) {
            return $life;
        }
        for ($change = mt_rand(0, self::MOST_CHANGES); $change > 0; $change--) {
            $what = $visit['held'] ? self::one(array('move', 'move', 'lengthen', 'reassign', 'cancel')) : 'rebook';
            $next = $visit;
            match ($what) {
                'move', 'rebook' => $next['start'] = self::start($opens),
                'lengthen' => $next['minutes'] += 5,
                'reassign' => $next['doctor'] = ($visit['doctor'] + mt_rand(1, $doctors - 1)) % $doctors,
                'cancel' => null,
            };
            $next['held'] = 'cancel' !== $what;
            $life[] = $operation = self::operation($what, $next);
            $visit = $operation['commits'] ? $next : $visit;
        }
        return $life;
    }

    /**
     * @param array<string, mixed> $visit
     * @return array<string, mixed>
     */
    private static function operation(string $what, array $visit): array
    {
        return array('what' => $what, 'commits' => mt_rand(1, 10) > 1, 'settles' => mt_rand(1, 10) > 3) + $visit;
    }

    /** Five to sixty days from now, on a quarter of an hour; or around the opening hour. */
    private static function start(?int $opens): string
    {
        $quarter = 900;
        return gmdate('Y-m-d H:i:s', null === $opens
            ? intdiv(time() + mt_rand(5 * 86400, 60 * 86400), $quarter) * $quarter
            : $opens + self::STEP_SECONDS * mt_rand(...self::STEPS));
    }

    /** @param list<string> $of */
    private static function one(array $of): string
    {
        return $of[mt_rand(0, count($of) - 1)];
    }
}
