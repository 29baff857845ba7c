<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** What stands in a meeting's way, as whoever found it said it. */
final class ProblemText
{
    /** @param ?string $problem a meeting's column */
    public static function of(?string $problem): ?string
    {
        if ($problem === null) {
            return null;
        }
        ['id' => $id, 'parameters' => $parameters] = json_decode($problem, true, 16, JSON_THROW_ON_ERROR) + array('parameters' => array());
        $said = array_filter(array($parameters['message'] ?? '', $parameters['advice'] ?? ''));
        return array() === $said ? $id : implode('. ', $said);
    }
}
