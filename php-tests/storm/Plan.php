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

    /**
     * @param int $appointments how many
     * @param int $doctors      how many there are to choose from
     * @return array<int, list<array<string, mixed>>> by appointment, the operations in order: what, doctor (its index), start
     *                                                (UTC), minutes, timezone, commits, settles
     */
    public static function draw(int $seed, int $appointments, int $doctors): array
    {
        mt_srand($seed);
        $plan = array();
        for ($appointment = 1; $appointment <= $appointments; $appointment++) {
            $plan[$appointment] = self::life($appointment, $doctors);
        }
        return $plan;
    }

    /** @return list<array<string, mixed>> */
    private static function life(int $appointment, int $doctors): array
    {
        $visit = array(
            'doctor' => $appointment % $doctors,
            'start' => self::start(),
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
                'move', 'rebook' => $next['start'] = self::start(),
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

    /** Two to sixty days from now, on a quarter of an hour. */
    private static function start(): string
    {
        $quarter = 900;
        return gmdate('Y-m-d H:i:s', intdiv(time() + mt_rand(2 * 86400, 60 * 86400), $quarter) * $quarter);
    }

    /** @param list<string> $of */
    private static function one(array $of): string
    {
        return $of[mt_rand(0, count($of) - 1)];
    }
}
